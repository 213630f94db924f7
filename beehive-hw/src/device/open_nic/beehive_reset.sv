// The shell's reset pair, for a card on another clock.
//
//   s_rstn, low for a cycle --> ask ---> two registers --> rst (the first time), flr (each other time)
//                 s_done <------------- two registers <--- told, when the card is ready again
//
// From power-up to the first request the card stands in reset. Later requests reset the function: frames that are being sent are sent to
// their end.
module beehive_reset (
    input  logic s_clk,
    input  logic s_rstn,
    output logic s_done,
    input  logic m_clk,
    output logic m_rst,
    output logic m_flr
);

  // With s_clk: a request is held until it is told to be done, and done when that has been taken back.
  logic seen;
  logic ask;
  logic done;
  logic told_here;

  initial {seen, ask, done} = 3'b000;
  always @(posedge s_clk) begin
    if (!s_rstn) begin
      seen <= 1'b1;
      ask  <= 1'b1;
      done <= 1'b0;
    end else if (ask) begin
      if (told_here) ask <= 1'b0;
    end else if (seen && !told_here) begin
      done <= 1'b1;
    end
  end

  assign s_done = done;

  // With m_clk: 8 cycles of request, and then time for the 16 cycles that a reset of the function takes.
  logic asked;
  logic told;
  logic up;
  logic [5:0] cycle;

  initial {told, up, cycle} = 8'd0;
  always @(posedge m_clk) begin
    if (!asked) begin
      cycle <= 6'd0;
      told  <= 1'b0;
    end else if (cycle != 6'd63) begin
      cycle <= cycle + 6'd1;
    end else begin
      up   <= 1'b1;
      told <= 1'b1;
    end
  end

  initial {m_rst, m_flr} = 2'b10;
  always @(posedge m_clk) begin
    m_rst <= !up;
    m_flr <= up && asked && !told && cycle < 6'd8;
  end

  beehive_sync ask_sync (.clk(m_clk), .d(ask), .q(asked));
  beehive_sync told_sync (.clk(s_clk), .d(told), .q(told_here));

endmodule
