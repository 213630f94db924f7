// AXI4-Lite from one clock to another, one access at a time, a write before a read.
//
//   s_clk                              m_clk
//   access, held -------------------->  m_axil_*
//   request, changes ----> 2 registers -->
//                   <-- 2 registers <---- answer, changes
//   s_axil_* <------------------------  response, held
//
// A word crosses as it is, for it stands still from the change of its bit (request, answer) until the other bit changes; only these two go
// through synchronizers (the multi-cycle path formulation of C. Cummings, "Clock Domain Crossing (CDC) Design & Verification Techniques Using
// SystemVerilog", SNUG Boston 2008). The clocks can have any frequencies and phases. The m side has a reset, the s side values at power-up.
module beehive_axil_crossing #(
    parameter int ADDRESS_BITS = 20
) (
    input  logic                    s_clk,
    input  logic                    s_axil_awvalid,
    input  logic [ADDRESS_BITS-1:0] s_axil_awaddr,
    output logic                    s_axil_awready,
    input  logic                    s_axil_wvalid,
    input  logic [            31:0] s_axil_wdata,
    output logic                    s_axil_wready,
    output logic                    s_axil_bvalid,
    output logic [             1:0] s_axil_bresp,
    input  logic                    s_axil_bready,
    input  logic                    s_axil_arvalid,
    input  logic [ADDRESS_BITS-1:0] s_axil_araddr,
    output logic                    s_axil_arready,
    output logic                    s_axil_rvalid,
    output logic [            31:0] s_axil_rdata,
    output logic [             1:0] s_axil_rresp,
    input  logic                    s_axil_rready,

    input  logic                    m_clk,
    input  logic                    m_rst,
    output logic                    m_axil_awvalid,
    output logic [ADDRESS_BITS-1:0] m_axil_awaddr,
    input  logic                    m_axil_awready,
    output logic                    m_axil_wvalid,
    output logic [            31:0] m_axil_wdata,
    input  logic                    m_axil_wready,
    input  logic                    m_axil_bvalid,
    input  logic [             1:0] m_axil_bresp,
    output logic                    m_axil_bready,
    output logic                    m_axil_arvalid,
    output logic [ADDRESS_BITS-1:0] m_axil_araddr,
    input  logic                    m_axil_arready,
    input  logic                    m_axil_rvalid,
    input  logic [            31:0] m_axil_rdata,
    input  logic [             1:0] m_axil_rresp,
    output logic                    m_axil_rready
);

  // The s side.
  typedef enum logic [1:0] {
    IDLE,
    TAKE,
    WAIT,
    ANSWER
  } state_t;

  state_t                  state;
  logic                    write;
  logic [ADDRESS_BITS-1:0] address;
  logic [            31:0] data;
  logic                    request;
  logic                    answer_here;
  logic [            31:0] read_data;
  logic [             1:0] response;

  // Of the m side.
  logic                    request_there;
  logic                    answer;
  logic                    busy;
  logic [            31:0] m_data;
  logic [             1:0] m_response;

  initial begin
    state   = IDLE;
    request = 1'b0;
  end
  always @(posedge s_clk) begin
    case (state)
      IDLE: begin
        write   <= s_axil_awvalid && s_axil_wvalid;
        address <= s_axil_awvalid && s_axil_wvalid ? s_axil_awaddr : s_axil_araddr;
        data    <= s_axil_wdata;
        if ((s_axil_awvalid && s_axil_wvalid) || s_axil_arvalid) state <= TAKE;
      end
      TAKE: begin
        request <= !request;
        state   <= WAIT;
      end
      WAIT:
      if (answer_here == request) begin
        read_data <= m_data;
        response  <= m_response;
        state     <= ANSWER;
      end
      ANSWER: if (write ? s_axil_bready : s_axil_rready) state <= IDLE;
    endcase
  end

  assign s_axil_awready = state == TAKE && write;
  assign s_axil_wready  = state == TAKE && write;
  assign s_axil_arready = state == TAKE && !write;
  assign s_axil_bvalid  = state == ANSWER && write;
  assign s_axil_bresp   = response;
  assign s_axil_rvalid  = state == ANSWER && !write;
  assign s_axil_rdata   = read_data;
  assign s_axil_rresp   = response;

  // The m side.
  always_ff @(posedge m_clk) begin
    if (m_axil_awready) m_axil_awvalid <= 1'b0;
    if (m_axil_wready) m_axil_wvalid <= 1'b0;
    if (m_axil_arready) m_axil_arvalid <= 1'b0;
    if (!busy && request_there != answer) begin
      busy           <= 1'b1;
      m_axil_awvalid <= write;
      m_axil_wvalid  <= write;
      m_axil_arvalid <= !write;
    end else if (busy && (write ? m_axil_bvalid : m_axil_rvalid)) begin
      busy       <= 1'b0;
      answer     <= request_there;
      m_data     <= m_axil_rdata;
      m_response <= write ? m_axil_bresp : m_axil_rresp;
    end
    if (m_rst) begin
      busy           <= 1'b0;
      answer         <= 1'b0;
      m_axil_awvalid <= 1'b0;
      m_axil_wvalid  <= 1'b0;
      m_axil_arvalid <= 1'b0;
    end
  end

  assign m_axil_awaddr = address;
  assign m_axil_wdata  = data;
  assign m_axil_bready = busy;
  assign m_axil_araddr = address;
  assign m_axil_rready = busy;

  beehive_sync request_sync (.clk(m_clk), .d(request), .q(request_there));
  beehive_sync answer_sync (.clk(s_clk), .d(answer), .q(answer_here));

endmodule
