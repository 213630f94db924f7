// What every shared object of models has once: failed assertions are kept, not printed, and stop nothing.
#include "verilated.h"
#include <algorithm>
#include <cstdarg>
#include <cstdio>
#include <cstring>
#include <string>
#include <vector>

namespace {
thread_local std::vector<std::string>* sink = nullptr;

// Messages of the models that this thread evaluates go to their own list.
struct Listen {
    explicit Listen(std::vector<std::string>& messages) { sink = &messages; }
    ~Listen() { sink = nullptr; }
};

template <class Top>
struct Model {
    VerilatedContext context;
    Top top{&context, "TOP"};
    std::vector<std::string> messages;
};

// Not every module has a clock and a reset.
template <class Top>
void drive(Top& top, bool clk, bool rst) {
    if constexpr (requires { top.clk; }) top.clk = clk;
    if constexpr (requires { top.rst; }) top.rst = rst;
}
}  // namespace

extern "C" int beehive_print(const char* format, ...) {
    char text[1024];
    va_list args;
    va_start(args, format);
    const int n = std::vsnprintf(text, sizeof text, format, args);
    va_end(args);
    if (sink) sink->emplace_back(text);
    else std::fputs(text, stderr);
    return n;
}

void vl_stop_maybe(const char*, int, const char*, bool) {}

#define BEEHIVE_MODEL(N)                                                                          \
    extern "C" void* N##_new() { return new Model<N>; }                                           \
    extern "C" void N##_delete(void* m) { delete static_cast<Model<N>*>(m); }                     \
    extern "C" unsigned N##_eval(void* m, bool clk, bool rst) {                                   \
        auto& model = *static_cast<Model<N>*>(m);                                                 \
        Listen listen(model.messages);                                                            \
        drive(model.top, clk, rst);                                                               \
        model.top.eval();                                                                         \
        return model.messages.size();                                                             \
    }                                                                                             \
    extern "C" unsigned long N##_message(void* m, char* text, unsigned long size) {               \
        auto& messages = static_cast<Model<N>*>(m)->messages;                                     \
        const std::string& first = messages.front();                                              \
        const unsigned long n = std::min<unsigned long>(first.size(), size);                      \
        std::memcpy(text, first.data(), n);                                                       \
        messages.erase(messages.begin());                                                         \
        return n;                                                                                 \
    }
