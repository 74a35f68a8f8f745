#include <clocale>
#include <csignal>
#include <cstdio>
#include <exception>

#include "sdk/client/cli/arguments.hpp"

namespace {

evenkeel::client::Cancel* interrupted = nullptr;

// The second Ctrl-C ends the process whatever it does: the handler is gone by then.
void listen_for_interrupt(evenkeel::client::Cancel& cancel) {
    interrupted = &cancel;
    struct sigaction action {};
    action.sa_handler = [](int) { interrupted->cancel(); };
    action.sa_flags = static_cast<int>(SA_RESETHAND);
    sigaction(SIGINT, &action, nullptr);
}

int run(int argc, char** argv) {
    using namespace evenkeel::cli;
    const auto parsed = parse_arguments(argc, argv);
    if (const auto* exit = std::get_if<Exit>(&parsed)) return static_cast<int>(*exit);
    const auto& arguments = std::get<Arguments>(parsed);
    evenkeel::client::Cancel cancel;
    listen_for_interrupt(cancel);
    Session session(arguments.globals, cancel);
    const Exit exit = arguments.run(session);
    if (!session.output().flush()) {
        Output::message("standard output did not take everything");
        return static_cast<int>(exit == Exit::done ? Exit::failed : exit);
    }
    return static_cast<int>(exit);
}

}  // namespace

int main(int argc, char** argv) {
    // For the width of characters on a terminal; nothing else of the locale is used.
    std::setlocale(LC_CTYPE, "C.UTF-8");
    try {
        return run(argc, argv);
    } catch (const std::exception& error) {
        std::fprintf(stderr, "ek: %s\n", error.what());
        return 1;
    }
}
