// A bit of another clock: two registers side by side, so that what is undecided in the first is decided in the second.
module beehive_sync (
    input  logic clk,
    input  logic d,
    output logic q
);

  (* ASYNC_REG = "TRUE" *) logic [1:0] stages;

  initial stages = 2'b00;
  always @(posedge clk) stages <= {stages[0], d};

  assign q = stages[1];

endmodule
