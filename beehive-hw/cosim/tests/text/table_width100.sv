// Written by hand, as the emitter would.
module table_width100 (
    input  logic        clk,
    input  logic        rst,
    input  logic        write,
    input  logic [2:0]  addr,
    input  logic [99:0] data__in,
    output logic [99:0] sum,
    output logic [99:0] entry,
    output logic        odd
);
    logic [99:0] total;
    logic [99:0] store [0:7];

    initial begin
        total = 100'd5;
        for (int i = 0; i < 8; i++) store[i] = 100'd0;
    end

    assign sum = total + data__in;
    assign entry = store[addr];
    assign odd = ^entry;

    always_ff @(posedge clk) begin
        if (rst) total <= 100'd5;
        else if (write) total <= sum;
    end
    always_ff @(posedge clk) begin
        if (write) store[addr] <= data__in;
    end
`ifndef SYNTHESIS
    always @(posedge clk) begin
        if (!rst) assert (!(write && addr == 3'd7)) else $error("entry 7 is reserved");
    end
`endif
endmodule
