// The card in the shell's box_250mhz, which includes this file. Without host functions (USE_PHYS_FUNC = 0), the box itself ends the host's streams.
// How many of these there are, it says itself: later versions have a second set (NUM_QDMA).
localparam int BEEHIVE_STREAMS = $bits(s_axis_qdma_h2c_tvalid);

wire     [BEEHIVE_STREAMS-1:0] beehive_s_axis_qdma_h2c_tready;
wire     [BEEHIVE_STREAMS-1:0] beehive_m_axis_qdma_c2h_tvalid;
wire [512*BEEHIVE_STREAMS-1:0] beehive_m_axis_qdma_c2h_tdata;
wire  [64*BEEHIVE_STREAMS-1:0] beehive_m_axis_qdma_c2h_tkeep;
wire     [BEEHIVE_STREAMS-1:0] beehive_m_axis_qdma_c2h_tlast;
wire  [16*BEEHIVE_STREAMS-1:0] beehive_m_axis_qdma_c2h_tuser_size;
wire  [16*BEEHIVE_STREAMS-1:0] beehive_m_axis_qdma_c2h_tuser_src;
wire  [16*BEEHIVE_STREAMS-1:0] beehive_m_axis_qdma_c2h_tuser_dst;

generate if (USE_PHYS_FUNC != 0) begin : beehive_host
  assign s_axis_qdma_h2c_tready     = beehive_s_axis_qdma_h2c_tready;
  assign m_axis_qdma_c2h_tvalid     = beehive_m_axis_qdma_c2h_tvalid;
  assign m_axis_qdma_c2h_tdata      = beehive_m_axis_qdma_c2h_tdata;
  assign m_axis_qdma_c2h_tkeep      = beehive_m_axis_qdma_c2h_tkeep;
  assign m_axis_qdma_c2h_tlast      = beehive_m_axis_qdma_c2h_tlast;
  assign m_axis_qdma_c2h_tuser_size = beehive_m_axis_qdma_c2h_tuser_size;
  assign m_axis_qdma_c2h_tuser_src  = beehive_m_axis_qdma_c2h_tuser_src;
  assign m_axis_qdma_c2h_tuser_dst  = beehive_m_axis_qdma_c2h_tuser_dst;
end else begin : beehive_host
  wire unused = &{1'b0, beehive_s_axis_qdma_h2c_tready, beehive_m_axis_qdma_c2h_tvalid, beehive_m_axis_qdma_c2h_tdata, beehive_m_axis_qdma_c2h_tkeep, beehive_m_axis_qdma_c2h_tlast, beehive_m_axis_qdma_c2h_tuser_size, beehive_m_axis_qdma_c2h_tuser_src, beehive_m_axis_qdma_c2h_tuser_dst};
end
endgenerate

beehive_250mhz #(
  .MAX_PKT_LEN   (MAX_PKT_LEN),
  .NUM_PHYS_FUNC (BEEHIVE_STREAMS),
  .NUM_CMAC_PORT (NUM_CMAC_PORT)
) beehive_250mhz_inst (
  .s_axil_awvalid                   (s_axil_awvalid),
  .s_axil_awaddr                    (s_axil_awaddr),
  .s_axil_awready                   (s_axil_awready),
  .s_axil_wvalid                    (s_axil_wvalid),
  .s_axil_wdata                     (s_axil_wdata),
  .s_axil_wready                    (s_axil_wready),
  .s_axil_bvalid                    (s_axil_bvalid),
  .s_axil_bresp                     (s_axil_bresp),
  .s_axil_bready                    (s_axil_bready),
  .s_axil_arvalid                   (s_axil_arvalid),
  .s_axil_araddr                    (s_axil_araddr),
  .s_axil_arready                   (s_axil_arready),
  .s_axil_rvalid                    (s_axil_rvalid),
  .s_axil_rdata                     (s_axil_rdata),
  .s_axil_rresp                     (s_axil_rresp),
  .s_axil_rready                    (s_axil_rready),
  .s_axis_qdma_h2c_tvalid           (s_axis_qdma_h2c_tvalid),
  .s_axis_qdma_h2c_tdata            (s_axis_qdma_h2c_tdata),
  .s_axis_qdma_h2c_tkeep            (s_axis_qdma_h2c_tkeep),
  .s_axis_qdma_h2c_tlast            (s_axis_qdma_h2c_tlast),
  .s_axis_qdma_h2c_tuser_size       (s_axis_qdma_h2c_tuser_size),
  .s_axis_qdma_h2c_tuser_src        (s_axis_qdma_h2c_tuser_src),
  .s_axis_qdma_h2c_tuser_dst        (s_axis_qdma_h2c_tuser_dst),
  .s_axis_qdma_h2c_tready           (beehive_s_axis_qdma_h2c_tready),
  .m_axis_qdma_c2h_tvalid           (beehive_m_axis_qdma_c2h_tvalid),
  .m_axis_qdma_c2h_tdata            (beehive_m_axis_qdma_c2h_tdata),
  .m_axis_qdma_c2h_tkeep            (beehive_m_axis_qdma_c2h_tkeep),
  .m_axis_qdma_c2h_tlast            (beehive_m_axis_qdma_c2h_tlast),
  .m_axis_qdma_c2h_tuser_size       (beehive_m_axis_qdma_c2h_tuser_size),
  .m_axis_qdma_c2h_tuser_src        (beehive_m_axis_qdma_c2h_tuser_src),
  .m_axis_qdma_c2h_tuser_dst        (beehive_m_axis_qdma_c2h_tuser_dst),
  .m_axis_qdma_c2h_tready           (m_axis_qdma_c2h_tready),
  .m_axis_adap_tx_250mhz_tvalid     (m_axis_adap_tx_250mhz_tvalid),
  .m_axis_adap_tx_250mhz_tdata      (m_axis_adap_tx_250mhz_tdata),
  .m_axis_adap_tx_250mhz_tkeep      (m_axis_adap_tx_250mhz_tkeep),
  .m_axis_adap_tx_250mhz_tlast      (m_axis_adap_tx_250mhz_tlast),
  .m_axis_adap_tx_250mhz_tuser_size (m_axis_adap_tx_250mhz_tuser_size),
  .m_axis_adap_tx_250mhz_tuser_src  (m_axis_adap_tx_250mhz_tuser_src),
  .m_axis_adap_tx_250mhz_tuser_dst  (m_axis_adap_tx_250mhz_tuser_dst),
  .m_axis_adap_tx_250mhz_tready     (m_axis_adap_tx_250mhz_tready),
  .s_axis_adap_rx_250mhz_tvalid     (s_axis_adap_rx_250mhz_tvalid),
  .s_axis_adap_rx_250mhz_tdata      (s_axis_adap_rx_250mhz_tdata),
  .s_axis_adap_rx_250mhz_tkeep      (s_axis_adap_rx_250mhz_tkeep),
  .s_axis_adap_rx_250mhz_tlast      (s_axis_adap_rx_250mhz_tlast),
  .s_axis_adap_rx_250mhz_tuser_size (s_axis_adap_rx_250mhz_tuser_size),
  .s_axis_adap_rx_250mhz_tuser_src  (s_axis_adap_rx_250mhz_tuser_src),
  .s_axis_adap_rx_250mhz_tuser_dst  (s_axis_adap_rx_250mhz_tuser_dst),
  .s_axis_adap_rx_250mhz_tready     (s_axis_adap_rx_250mhz_tready),
  .mod_rstn                         (mod_rstn),
  .mod_rst_done                     (mod_rst_done),
  .axil_aclk                        (axil_aclk),
  .axis_aclk                        (axis_aclk)
);
