// A Beehive card in the 250 MHz user box of the OpenNIC shell, with the ports of the box. The card is at port 0; what comes from the host and from
// port 1 is taken and thrown away.
module beehive_250mhz #(
    parameter int MAX_PKT_LEN   = 1518,
    parameter int NUM_PHYS_FUNC = 1,
    parameter int NUM_CMAC_PORT = 1
) (
    input  logic                         s_axil_awvalid,
    input  logic                  [31:0] s_axil_awaddr,
    output logic                         s_axil_awready,
    input  logic                         s_axil_wvalid,
    input  logic                  [31:0] s_axil_wdata,
    output logic                         s_axil_wready,
    output logic                         s_axil_bvalid,
    output logic                   [1:0] s_axil_bresp,
    input  logic                         s_axil_bready,
    input  logic                         s_axil_arvalid,
    input  logic                  [31:0] s_axil_araddr,
    output logic                         s_axil_arready,
    output logic                         s_axil_rvalid,
    output logic                  [31:0] s_axil_rdata,
    output logic                   [1:0] s_axil_rresp,
    input  logic                         s_axil_rready,

    input  logic     [NUM_PHYS_FUNC-1:0] s_axis_qdma_h2c_tvalid,
    input  logic [512*NUM_PHYS_FUNC-1:0] s_axis_qdma_h2c_tdata,
    input  logic  [64*NUM_PHYS_FUNC-1:0] s_axis_qdma_h2c_tkeep,
    input  logic     [NUM_PHYS_FUNC-1:0] s_axis_qdma_h2c_tlast,
    input  logic  [16*NUM_PHYS_FUNC-1:0] s_axis_qdma_h2c_tuser_size,
    input  logic  [16*NUM_PHYS_FUNC-1:0] s_axis_qdma_h2c_tuser_src,
    input  logic  [16*NUM_PHYS_FUNC-1:0] s_axis_qdma_h2c_tuser_dst,
    output logic     [NUM_PHYS_FUNC-1:0] s_axis_qdma_h2c_tready,

    output logic     [NUM_PHYS_FUNC-1:0] m_axis_qdma_c2h_tvalid,
    output logic [512*NUM_PHYS_FUNC-1:0] m_axis_qdma_c2h_tdata,
    output logic  [64*NUM_PHYS_FUNC-1:0] m_axis_qdma_c2h_tkeep,
    output logic     [NUM_PHYS_FUNC-1:0] m_axis_qdma_c2h_tlast,
    output logic  [16*NUM_PHYS_FUNC-1:0] m_axis_qdma_c2h_tuser_size,
    output logic  [16*NUM_PHYS_FUNC-1:0] m_axis_qdma_c2h_tuser_src,
    output logic  [16*NUM_PHYS_FUNC-1:0] m_axis_qdma_c2h_tuser_dst,
    input  logic     [NUM_PHYS_FUNC-1:0] m_axis_qdma_c2h_tready,

    output logic     [NUM_CMAC_PORT-1:0] m_axis_adap_tx_250mhz_tvalid,
    output logic [512*NUM_CMAC_PORT-1:0] m_axis_adap_tx_250mhz_tdata,
    output logic  [64*NUM_CMAC_PORT-1:0] m_axis_adap_tx_250mhz_tkeep,
    output logic     [NUM_CMAC_PORT-1:0] m_axis_adap_tx_250mhz_tlast,
    output logic  [16*NUM_CMAC_PORT-1:0] m_axis_adap_tx_250mhz_tuser_size,
    output logic  [16*NUM_CMAC_PORT-1:0] m_axis_adap_tx_250mhz_tuser_src,
    output logic  [16*NUM_CMAC_PORT-1:0] m_axis_adap_tx_250mhz_tuser_dst,
    input  logic     [NUM_CMAC_PORT-1:0] m_axis_adap_tx_250mhz_tready,

    input  logic     [NUM_CMAC_PORT-1:0] s_axis_adap_rx_250mhz_tvalid,
    input  logic [512*NUM_CMAC_PORT-1:0] s_axis_adap_rx_250mhz_tdata,
    input  logic  [64*NUM_CMAC_PORT-1:0] s_axis_adap_rx_250mhz_tkeep,
    input  logic     [NUM_CMAC_PORT-1:0] s_axis_adap_rx_250mhz_tlast,
    input  logic  [16*NUM_CMAC_PORT-1:0] s_axis_adap_rx_250mhz_tuser_size,
    input  logic  [16*NUM_CMAC_PORT-1:0] s_axis_adap_rx_250mhz_tuser_src,
    input  logic  [16*NUM_CMAC_PORT-1:0] s_axis_adap_rx_250mhz_tuser_dst,
    output logic     [NUM_CMAC_PORT-1:0] s_axis_adap_rx_250mhz_tready,

    input  logic                  [15:0] mod_rstn,
    output logic                  [15:0] mod_rst_done,

    input  logic                         axil_aclk,
    input  logic                         axis_aclk
);

  // The shell's packet FIFOs would never let a longer frame go.
  initial begin
    if (MAX_PKT_LEN < LONGEST_FRAME) $fatal(1, "MAX_PKT_LEN must be LONGEST_FRAME or more");
  end

  logic rst;
  logic flr;

  beehive_reset reset (
      .s_clk (axil_aclk),
      .s_rstn(mod_rstn[0]),
      .s_done(mod_rst_done[0]),
      .m_clk (axis_aclk),
      .m_rst (rst),
      .m_flr (flr)
  );
  // The shell waits for all of them.
  assign mod_rst_done[15:1] = '1;

  logic        card_awvalid;
  logic [19:0] card_awaddr;
  logic        card_awready;
  logic        card_wvalid;
  logic [31:0] card_wdata;
  logic        card_wready;
  logic        card_bvalid;
  logic  [1:0] card_bresp;
  logic        card_bready;
  logic        card_arvalid;
  logic [19:0] card_araddr;
  logic        card_arready;
  logic        card_rvalid;
  logic [31:0] card_rdata;
  logic  [1:0] card_rresp;
  logic        card_rready;

  beehive_axil_crossing #(
      .ADDRESS_BITS(20)
  ) crossing (
      .s_clk         (axil_aclk),
      .s_axil_awvalid(s_axil_awvalid),
      .s_axil_awaddr (s_axil_awaddr[19:0]),
      .s_axil_awready(s_axil_awready),
      .s_axil_wvalid (s_axil_wvalid),
      .s_axil_wdata  (s_axil_wdata),
      .s_axil_wready (s_axil_wready),
      .s_axil_bvalid (s_axil_bvalid),
      .s_axil_bresp  (s_axil_bresp),
      .s_axil_bready (s_axil_bready),
      .s_axil_arvalid(s_axil_arvalid),
      .s_axil_araddr (s_axil_araddr[19:0]),
      .s_axil_arready(s_axil_arready),
      .s_axil_rvalid (s_axil_rvalid),
      .s_axil_rdata  (s_axil_rdata),
      .s_axil_rresp  (s_axil_rresp),
      .s_axil_rready (s_axil_rready),
      .m_clk         (axis_aclk),
      .m_rst         (rst),
      .m_axil_awvalid(card_awvalid),
      .m_axil_awaddr (card_awaddr),
      .m_axil_awready(card_awready),
      .m_axil_wvalid (card_wvalid),
      .m_axil_wdata  (card_wdata),
      .m_axil_wready (card_wready),
      .m_axil_bvalid (card_bvalid),
      .m_axil_bresp  (card_bresp),
      .m_axil_bready (card_bready),
      .m_axil_arvalid(card_arvalid),
      .m_axil_araddr (card_araddr),
      .m_axil_arready(card_arready),
      .m_axil_rvalid (card_rvalid),
      .m_axil_rdata  (card_rdata),
      .m_axil_rresp  (card_rresp),
      .m_axil_rready (card_rready)
  );

  logic         tx_tvalid;
  logic [511:0] tx_tdata;
  logic [ 63:0] tx_tkeep;
  logic         tx_tlast;
  logic [ 15:0] tx_tuser_size;
  logic         rx_tready;
  logic [  3:0] irq;

  CARD_MODULE card (
      .clk              (axis_aclk),
      .rst              (rst),
      .s_axis_tvalid    (s_axis_adap_rx_250mhz_tvalid[0]),
      .s_axis_tdata     (s_axis_adap_rx_250mhz_tdata[511:0]),
      .s_axis_tkeep     (s_axis_adap_rx_250mhz_tkeep[63:0]),
      .s_axis_tlast     (s_axis_adap_rx_250mhz_tlast[0]),
      .s_axis_tuser     (1'b0),
      .s_axis_tready    (rx_tready),
      .m_axis_tvalid    (tx_tvalid),
      .m_axis_tdata     (tx_tdata),
      .m_axis_tkeep     (tx_tkeep),
      .m_axis_tlast     (tx_tlast),
      .m_axis_tuser_size(tx_tuser_size),
      .m_axis_tready    (m_axis_adap_tx_250mhz_tready[0]),
      .s_axil_awvalid   (card_awvalid),
      .s_axil_awaddr    (card_awaddr),
      .s_axil_awprot    (3'b000),
      .s_axil_awready   (card_awready),
      .s_axil_wvalid    (card_wvalid),
      .s_axil_wdata     (card_wdata),
      .s_axil_wstrb     (4'b1111),
      .s_axil_wready    (card_wready),
      .s_axil_bvalid    (card_bvalid),
      .s_axil_bresp     (card_bresp),
      .s_axil_bready    (card_bready),
      .s_axil_arvalid   (card_arvalid),
      .s_axil_araddr    (card_araddr),
      .s_axil_arprot    (3'b000),
      .s_axil_arready   (card_arready),
      .s_axil_rvalid    (card_rvalid),
      .s_axil_rdata     (card_rdata),
      .s_axil_rresp     (card_rresp),
      .s_axil_rready    (card_rready),
      .flr              (flr),
      .irq              (irq)
  );

  // A port is bit 6 + its number in tuser_dst. tuser_size is the length of the frame, in all its beats.
  for (genvar i = 0; i < NUM_CMAC_PORT; i++) begin : port
    if (i == 0) begin : used
      assign m_axis_adap_tx_250mhz_tvalid[i]             = tx_tvalid;
      assign m_axis_adap_tx_250mhz_tdata[512*i+:512]     = tx_tdata;
      assign m_axis_adap_tx_250mhz_tkeep[64*i+:64]       = tx_tkeep;
      assign m_axis_adap_tx_250mhz_tlast[i]              = tx_tlast;
      assign m_axis_adap_tx_250mhz_tuser_size[16*i+:16]  = tx_tuser_size;
      assign m_axis_adap_tx_250mhz_tuser_src[16*i+:16]   = 16'd0;
      assign m_axis_adap_tx_250mhz_tuser_dst[16*i+:16]   = 16'd1 << (6 + i);
      assign s_axis_adap_rx_250mhz_tready[i]             = rx_tready;
    end else begin : idle
      assign m_axis_adap_tx_250mhz_tvalid[i]             = 1'b0;
      assign m_axis_adap_tx_250mhz_tdata[512*i+:512]     = '0;
      assign m_axis_adap_tx_250mhz_tkeep[64*i+:64]       = '0;
      assign m_axis_adap_tx_250mhz_tlast[i]              = 1'b0;
      assign m_axis_adap_tx_250mhz_tuser_size[16*i+:16]  = '0;
      assign m_axis_adap_tx_250mhz_tuser_src[16*i+:16]   = '0;
      assign m_axis_adap_tx_250mhz_tuser_dst[16*i+:16]   = '0;
      assign s_axis_adap_rx_250mhz_tready[i]             = 1'b1;
    end
  end

  assign s_axis_qdma_h2c_tready     = '1;
  assign m_axis_qdma_c2h_tvalid     = '0;
  assign m_axis_qdma_c2h_tdata      = '0;
  assign m_axis_qdma_c2h_tkeep      = '0;
  assign m_axis_qdma_c2h_tlast      = '0;
  assign m_axis_qdma_c2h_tuser_size = '0;
  assign m_axis_qdma_c2h_tuser_src  = '0;
  assign m_axis_qdma_c2h_tuser_dst  = '0;

  // The shell has no way for interrupts of a box, and lengths, sources and destinations say nothing that is not known.
  wire unused = &{
    1'b0,
    irq,
    mod_rstn,
    s_axil_awaddr,
    s_axil_araddr,
    s_axis_qdma_h2c_tvalid,
    s_axis_qdma_h2c_tdata,
    s_axis_qdma_h2c_tkeep,
    s_axis_qdma_h2c_tlast,
    s_axis_qdma_h2c_tuser_size,
    s_axis_qdma_h2c_tuser_src,
    s_axis_qdma_h2c_tuser_dst,
    m_axis_qdma_c2h_tready,
    m_axis_adap_tx_250mhz_tready,
    s_axis_adap_rx_250mhz_tvalid,
    s_axis_adap_rx_250mhz_tdata,
    s_axis_adap_rx_250mhz_tkeep,
    s_axis_adap_rx_250mhz_tlast,
    s_axis_adap_rx_250mhz_tuser_size,
    s_axis_adap_rx_250mhz_tuser_src,
    s_axis_adap_rx_250mhz_tuser_dst
  };

endmodule
