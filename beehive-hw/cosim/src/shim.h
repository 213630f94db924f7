// Included ahead of Verilator's run-time library: what it prints comes to us.
#pragma once
extern "C" int beehive_print(const char* format, ...);
#define VL_PRINTF beehive_print
#define VL_USER_STOP_MAYBE
void vl_stop_maybe(const char* file, int line, const char* hier, bool maybe);
