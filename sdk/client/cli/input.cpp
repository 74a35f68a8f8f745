#include "sdk/client/cli/input.hpp"

#include <array>
#include <cerrno>
#include <iostream>

#include <termios.h>
#include <unistd.h>

#include "core/base/file.hpp"
#include "sdk/client/cli/output.hpp"

namespace evenkeel::cli {
namespace {

Result<std::string> read_stdin() {
    std::string content;
    std::array<char, 16384> buffer{};
    for (;;) {
        const ssize_t got = ::read(STDIN_FILENO, buffer.data(), buffer.size());
        if (got < 0) return fail(system_error(errno, "read standard input"));
        if (got == 0) return content;
        content.append(buffer.data(), static_cast<std::size_t>(got));
        if (content.size() > kInputBytesMost) {
            return fail(Errc::limit, "standard input has more than 64 MiB");
        }
    }
}

// While it lives, a terminal does not show what is typed.
class EchoOff {
  public:
    EchoOff() {
        is_off_ = ::tcgetattr(STDIN_FILENO, &before_) == 0;
        if (!is_off_) return;
        termios quiet = before_;
        quiet.c_lflag &= ~static_cast<tcflag_t>(ECHO);
        ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &quiet);
    }
    ~EchoOff() {
        if (is_off_) ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &before_);
    }
    EchoOff(const EchoOff&) = delete;
    EchoOff& operator=(const EchoOff&) = delete;

  private:
    termios before_{};
    bool is_off_ = false;
};

bool is_asked() {
    return ::isatty(STDIN_FILENO) == 1;
}

}  // namespace

client::Result<std::string> read_unseen() {
    if (!is_asked()) return read_input("-");
    const EchoOff quiet;
    Output::message("the value, which is not shown:");
    std::string line;
    if (std::getline(std::cin, line)) return line;
    return client::Failure{.kind = client::Kind::local, .detail = "no value was given"};
}

client::Result<std::string> read_input(const std::string& path) {
    auto content = path == "-" ? read_stdin() : read_file(path, kInputBytesMost);
    if (!content)
        return client::Failure{.kind = client::Kind::local, .detail = content.error().what};
    return *std::move(content);
}

std::optional<json::Object> labels_from(const std::vector<std::string>& given, bool may) {
    json::Object labels;
    for (const std::string& label : given) {
        const std::size_t equals = label.find('=');
        if (equals != 0 && equals != std::string::npos) {
            labels.set(label.substr(0, equals), label.substr(equals + 1));
        } else if (may && equals != 0 && label.size() > 1 && label.ends_with('-')) {
            labels.set(label.substr(0, label.size() - 1), nullptr);
        } else {
            Output::message(std::string("a label is like name=value") +
                            (may ? ", or name- to take it away" : ""));
            return std::nullopt;
        }
    }
    return labels;
}

}  // namespace evenkeel::cli
