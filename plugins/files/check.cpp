#include "plugins/files/check.hpp"

#include <algorithm>
#include <cstddef>

#include <unistd.h>

#include "plugins/posix/process.hpp"

namespace evenkeel::files {

namespace {

namespace json = sdk::json;

constexpr std::size_t kArgumentsMost = 64;
constexpr std::size_t kArgumentBytesMost = 4096;
// The host takes 4,096 bytes of a failure: the rest is for the sentence around them.
constexpr off_t kWordsMost = 3072;
constexpr const char* kFile = "%";

[[noreturn]] void refuse(std::string pointer, const char* why) {
    throw sdk::Failure(EK_E_INVALID, why).at(std::move(pointer));
}

bool can_be_run(const std::string& program) {
    return program.front() == '/' || program.find('/') == program.npos;
}

std::string find_program(const std::string& program) {
    if (program.front() == '/') return program;
    const std::string folders = kCheckPath;
    for (std::size_t begin = 0, end = 0; end != folders.npos; begin = end + 1) {
        end = folders.find(':', begin);
        const std::string path = folders.substr(begin, end - begin) + "/" + program;
        if (::access(path.c_str(), X_OK) == 0) return path;
    }
    throw sdk::Failure(EK_E_UNAVAILABLE, "there is no " + program + " in " + kCheckPath)
        .at("/check/0")
        .hint("install the package that has it");
}

void replace_all(std::string& text, const std::string& what, const std::string& by) {
    for (std::size_t at = 0; (at = text.find(what, at)) != text.npos; at += by.size())
        text.replace(at, what.size(), by);
}

// Not in the middle of a character.
void cut(std::string& text, std::size_t most) {
    if (text.size() <= most) return;
    while (most > 0 && (static_cast<unsigned char>(text[most]) & 0xC0) == 0x80) --most;
    text.resize(most);
    text += "...";
}

// In one line, about the file as the reader knows it.
std::string words_of(std::string output, const CheckedFile& file) {
    replace_all(output, file.now_at, file.shall_be);
    std::string words;
    for (std::size_t begin = 0; begin < output.size();) {
        const std::size_t end = std::min(output.find('\n', begin), output.size());
        if (end > begin && !words.empty()) words += "; ";
        words.append(output, begin, end - begin);
        begin = end + 1;
    }
    cut(words, kWordsMost);
    return words;
}

std::string told(std::string sentence, const std::string& output, const CheckedFile& file) {
    if (file.is_secret) return sentence + "; its words may quote the secret and are not shown";
    const std::string words = words_of(output, file);
    return sentence + (words.empty() ? ", without a word" : ": " + words);
}

posix::Command command_for(const Check& check, const std::string& file) {
    posix::Command command{check.argv};
    command.argv.front() = find_program(check.argv.front());
    std::replace(command.argv.begin() + 1, command.argv.end(), std::string(kFile), file);
    command.environment = {std::string("PATH=") + kCheckPath, "LC_ALL=C.UTF-8"};
    return command;
}

}  // namespace

Check check_from(const json::Value& description) {
    Check check;
    const json::Value* said = json::find(description, "check");
    if (!said) return check;
    try {
        check.argv = json::texts_of(*said);
    } catch (sdk::Failure& failure) {
        throw failure.at("/check");
    }
    const auto& argv = check.argv;
    if (argv.empty() || argv.size() > kArgumentsMost)
        refuse("/check", "a check has a program and at most 63 arguments");
    for (std::size_t i = 0; i < argv.size(); ++i)
        if (argv[i].size() > kArgumentBytesMost || argv[i].find('\0') != std::string::npos)
            refuse("/check/" + std::to_string(i),
                   "an argument has at most 4,096 bytes and no zero byte");
    if (argv.front().empty() || argv.front() == kFile || !can_be_run(argv.front()))
        refuse("/check/0", "the program of a check is an absolute path, or a name without a slash");
    if (std::find(argv.begin() + 1, argv.end(), kFile) == argv.end())
        refuse("/check", "one argument of a check has to be %, which stands for the new file");
    return check;
}

void run_check(const sdk::Call& call, const Check& check, const CheckedFile& file) {
    posix::RunOptions options;
    options.output_max = 2 * kWordsMost;
    options.limit_ms = check.time_ms;
    const auto ran = posix::run(call, command_for(check, file.now_at), options);
    if (ran.exit_code == 0) return;
    const std::string& program = check.argv.front();
    if (ran.exit_code < 0)
        throw sdk::Failure(EK_E_TIMEOUT,
                           told("it is not installed: the check by " + program + " had not ended " +
                                    "after " + std::to_string(check.time_ms / 1000) + " s",
                                ran.output, file))
            .at("/check");
    throw sdk::Failure(EK_E_INVALID,
                       told("it is not installed: " + program + " refuses it (exit status " +
                                std::to_string(ran.exit_code) + ")",
                            ran.output, file))
        .at("/check");
}

}  // namespace evenkeel::files
