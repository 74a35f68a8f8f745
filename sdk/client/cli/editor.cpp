#include "sdk/client/cli/editor.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>

#include <fcntl.h>
#include <spawn.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/base/fd.hpp"
#include "core/base/file.hpp"
#include "core/base/text.hpp"
#include "sdk/client/cli/failure.hpp"
#include "sdk/client/cli/yaml.hpp"

extern char** environ;

namespace evenkeel::cli {
namespace {

// The editor and its arguments, as the environment has them: words, without any shell.
std::vector<std::string> editor_of_environment() {
    for (const char* name : {"VISUAL", "EDITOR"}) {
        const char* value = std::getenv(name);
        std::vector<std::string> words;
        for (std::string& word : split(value != nullptr ? value : "", ' ')) {
            if (!word.empty()) words.push_back(std::move(word));
        }
        if (!words.empty()) return words;
    }
    return {"vi"};
}

// Ctrl-C while the editor runs is the editor's.
class InterruptIgnored {
  public:
    InterruptIgnored() {
        struct sigaction ignore {};
        ignore.sa_handler = SIG_IGN;
        sigaction(SIGINT, &ignore, &before_);
    }
    ~InterruptIgnored() { sigaction(SIGINT, &before_, nullptr); }
    InterruptIgnored(const InterruptIgnored&) = delete;
    InterruptIgnored& operator=(const InterruptIgnored&) = delete;

  private:
    struct sigaction before_ {};
};

client::Result<> run_editor(const std::string& path) {
    std::vector<std::string> words = editor_of_environment();
    const std::string program = words.front();
    words.push_back(path);
    std::vector<char*> argv;
    for (std::string& word : words) argv.push_back(word.data());
    argv.push_back(nullptr);

    const InterruptIgnored ignored;
    posix_spawnattr_t attributes;
    posix_spawnattr_init(&attributes);
    sigset_t interrupt;
    sigemptyset(&interrupt);
    sigaddset(&interrupt, SIGINT);
    posix_spawnattr_setsigdefault(&attributes, &interrupt);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF);
    pid_t child = 0;
    const int failed = ::posix_spawnp(&child, argv[0], nullptr, &attributes, argv.data(), environ);
    posix_spawnattr_destroy(&attributes);
    if (failed != 0) return local(system_error(failed, "start the editor " + program).what);
    int status = 0;
    while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return {};
    return local("the editor " + program + " failed, so nothing was sent");
}

// A new file that nobody else can read.
client::Result<std::string> write_draft(const std::string& text) {
    const char* folder = std::getenv("TMPDIR");
    std::string path = std::string(folder != nullptr && *folder != '\0' ? folder : "/tmp") +
                       "/ek-edit-XXXXXX.yaml";
    const Fd fd(::mkostemps(path.data(), 5, O_CLOEXEC));
    if (!fd) return local(system_error(errno, path).what);
    const auto written = write_all(fd.get(), text);
    if (written) return path;
    ::unlink(path.c_str());
    return local(written.error().what);
}

// What an editor may leave at the draft's path is not always a file: nothing here waits for it.
client::Result<std::string> read_draft(const std::string& path) {
    const Fd fd(::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
    if (!fd) return local(system_error(errno, path).what);
    struct stat found {};
    if (::fstat(fd.get(), &found) != 0) return local(system_error(errno, path).what);
    if (!S_ISREG(found.st_mode)) return local(path + ": not a regular file any more");
    std::string text;
    std::array<char, 16384> buffer{};
    for (;;) {
        const ssize_t got = ::read(fd.get(), buffer.data(), buffer.size());
        if (got < 0) return local(system_error(errno, path).what);
        if (got == 0) return text;
        text.append(buffer.data(), static_cast<std::size_t>(got));
        if (text.size() > kYamlBytesMost) return local(path + ": more than 8 MiB");
    }
}

client::Result<json::Object> members_in(const std::string& text, const Editable& editable) {
    const auto documents = parse_yaml(text);
    if (!documents) return local(documents.error().what);
    if (documents->size() != 1 || !documents->front().is_object()) {
        return local("it is not one document with the members of " + editable.title);
    }
    for (const auto& [name, member] : documents->front().as_object()) {
        const auto& known = editable.members;
        if (std::find(known.begin(), known.end(), name) == known.end()) {
            return local("there is no '" + name + "' in " + editable.title);
        }
    }
    return documents->front().as_object();
}

// Whether the draft says what it was made of, so that whoever changes nothing changes nothing.
client::Result<> check_draft(const std::string& draft, const Editable& editable) {
    const auto back = members_in(draft, editable);
    if (back && json::Value(*back) == json::Value(editable.before)) return {};
    const std::string why = back ? "YAML cannot hold it unchanged" : back.error().detail;
    return local("this cannot be edited as YAML: " + why + "; get it with -o json and apply that");
}

// The draft on disk, from the start of the editor on.
class Draft {
  public:
    Draft(std::string path, std::string text) : path_(std::move(path)), text_(std::move(text)) {}

    // What is there now.
    client::Result<std::string> read() const { return read_draft(path_); }

    void remove() const { ::unlink(path_.c_str()); }
    // After a failure: what somebody wrote is not lost.
    void keep_if_written() const {
        const auto now = read();
        struct stat found {};
        if (now && *now == text_) remove();
        else if (::lstat(path_.c_str(), &found) == 0 && S_ISREG(found.st_mode))
            Output::message("what you wrote is kept in " + path_);
    }

  private:
    std::string path_;
    std::string text_;  // as it was written for the editor
};

}  // namespace

json::Object members_of(const json::Value& object, const std::vector<std::string>& members) {
    json::Object out;
    for (const std::string& name : members) {
        if (const json::Value* member = object.find(name)) out.set(name, *member);
    }
    return out;
}

Exit edit_in_editor(const Session& session, const Editable& editable,
                    const std::function<Exit(const json::Value& after)>& save) {
    const std::string text =
        "# " + printable(editable.title) +
        "\n# A secret reads {redacted: ...}: left as it is, it keeps its value.\n" +
        write_yaml(editable.before);
    if (const auto whole = check_draft(text, editable); !whole) return session.fail(whole.error());
    const auto path = write_draft(text);
    if (!path) return session.fail(path.error());
    const Draft draft(*path, text);
    if (const auto edited = run_editor(*path); !edited) {
        draft.keep_if_written();
        return session.fail(edited.error());
    }
    const auto written = draft.read();
    const auto after = written ? members_in(*written, editable) : written.error();
    if (after && json::Value(*after) == json::Value(editable.before)) {
        draft.remove();
        Output::message("nothing was changed");
        return Exit::done;
    }
    Exit exit = Exit::usage;
    if (after) exit = save(*after);
    else session.fail(after.error());
    if (exit == Exit::done) draft.remove();
    else draft.keep_if_written();
    return exit;
}

}  // namespace evenkeel::cli
