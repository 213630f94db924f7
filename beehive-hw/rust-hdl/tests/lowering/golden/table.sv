module table_ (
  input  logic clk,
  input  logic rst,
  input  logic s_valid,
  output logic s_ready,
  input  logic [7:0] s_data,
  output logic m_valid,
  input  logic m_ready,
  output logic m_used,
  output logic [7:0] m_key,
  output logic [15:0] m_count
);
  localparam logic [1:0] State_Idle = 2'd0;
  localparam logic [1:0] State_Look = 2'd1;
  localparam logic [1:0] State_Answer = 2'd2;

  logic [1:0] state;
  logic [7:0] key;
  logic row_used;
  logic [7:0] row_key;
  logic [15:0] row_count;
  logic [3:0] ram_read_address;
  logic [24:0] ram_rdata;
  logic next_used;
  logic [7:0] next_key;
  logic [15:0] next_count;
  logic ram_write_enable;
  logic ram_we;
  logic [3:0] ram_waddr;
  logic [24:0] ram_wdata;
  (* ram_style = "block" *) logic [24:0] ram [0:15];

  wire [3:0] ram_write_address = key[3:0];
  wire ram_read_data_used = ram_rdata[0];
  wire [7:0] ram_read_data_key = ram_rdata[8:1];
  wire hit = ram_read_data_used & (ram_read_data_key == key);
  wire [15:0] ram_read_data_count = ram_rdata[24:9];

  always_comb begin
    ram_we = 1'b0;
    ram_waddr = 4'bx;
    ram_wdata = 25'bx;
    if (ram_write_enable) begin
      ram_we = 1'b1;
      ram_waddr = ram_write_address;
      ram_wdata = {next_count, next_key, next_used};
    end
  end

  assign ram_read_address = s_data[3:0];

  always_comb begin
    next_used = ram_read_data_used;
    next_key = ram_read_data_key;
    next_count = ram_read_data_count;
    if (hit) begin
      next_count = ram_read_data_count + 16'd3;
    end else begin
      next_used = 1'b1;
      next_key = key;
      next_count = 16'd1;
    end
  end

  always_comb begin
    ram_write_enable = 1'b0;
    s_ready = 1'b0;
    m_valid = 1'b0;
    case (state)
      State_Idle: s_ready = 1'b1;
      State_Look: ram_write_enable = 1'b1;
      default: m_valid = 1'b1;
    endcase
  end

  assign m_used = row_used;
  assign m_key = row_key;
  assign m_count = row_count;

  always_ff @(posedge clk) begin
    if (ram_we) begin
      ram[ram_waddr] <= ram_wdata;
    end
    ram_rdata <= ram[ram_read_address];
  end

  always_ff @(posedge clk) begin
    if (rst) begin
      state <= State_Idle;
      key <= 8'd0;
      row_used <= 1'b0;
      row_key <= 8'd0;
      row_count <= 16'd0;
    end else begin
      case (state)
        State_Idle: begin
          if (s_valid) begin
            key <= s_data;
            state <= State_Look;
          end
        end
        State_Look: begin
          row_used <= next_used;
          row_key <= next_key;
          row_count <= next_count;
          state <= State_Answer;
        end
        default: begin
          if (m_ready) begin
            state <= State_Idle;
          end
        end
      endcase
    end
  end
endmodule
