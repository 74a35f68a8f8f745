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
#include "sdk/client/cli/change.hpp"
#include "sdk/client/cli/yaml.hpp"

extern char** environ;

namespace evenkeel::cli {
namespace {

constexpr int kTriesMost = 3;
constexpr const char* kMembers[] = {"description", "policy", "requires", "notifies"};

client::Failure local(std::string why) {
    return {.kind = client::Kind::local, .detail = std::move(why)};
}

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

// The members of a resource that can be described.
json::Object described(const json::Value& resource) {
    json::Object out;
    for (const char* name : kMembers) {
        if (const json::Value* member = resource.find(name)) out.set(name, *member);
    }
    return out;
}

std::string draft_of(const EditOptions& options, const std::string& host,
                     const json::Object& resource) {
    return "# " + printable(options.collection + " " + options.id + " on " + host) +
           "\n# A secret reads {redacted: ...}: left as it is, it keeps its value.\n" +
           write_yaml(resource);
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

client::Result<json::Object> members_in(const std::string& text) {
    const auto documents = parse_yaml(text);
    if (!documents) return local(documents.error().what);
    if (documents->size() != 1 || !documents->front().is_object()) {
        return local("it is not one document with a description");
    }
    for (const auto& [name, member] : documents->front().as_object()) {
        const bool known =
            std::find(std::begin(kMembers), std::end(kMembers), name) != std::end(kMembers);
        if (!known) return local("there is no '" + name + "' in a resource");
    }
    return documents->front().as_object();
}

client::PutOptions put_options(const json::Value& wanted, const client::ChangeOptions& asked) {
    client::PutOptions options;
    static_cast<client::ChangeOptions&>(options) = asked;
    options.policy = wanted.string_or("policy");
    if (const json::Value* list = wanted.find("requires")) options.requires_ = json::write(*list);
    if (const json::Value* list = wanted.find("notifies")) options.notifies = json::write(*list);
    return options;
}

// Puts what was written in place of what was read. A verdict that has changed meanwhile is no
// conflict, another description is.
client::Result<client::Command> put(client::Client& client, const std::string& host,
                                    const EditOptions& options, const json::Object& before,
                                    std::string etag, const json::Value& wanted,
                                    const client::ChangeOptions& asked) {
    client::PutOptions how = put_options(wanted, asked);
    for (int attempt = 1;; ++attempt) {
        how.if_match = etag;
        auto command = client.put(host, options.collection, options.id,
                                  json::write(wanted["description"]), how);
        if (command || command.error().status != 412 || attempt == kTriesMost) return command;
        const auto now = client.resource(host, options.collection, options.id);
        if (!now) return now.error();
        const auto resource = json::parse(now->json, {.bytes = 64 << 20});
        if (!resource || !(json::Value(described(*resource)) == json::Value(before))) {
            return command;
        }
        etag = now->etag;
    }
}

// Whether the draft says what it was made of, so that whoever changes nothing changes nothing.
client::Result<> check_draft(const std::string& draft, const json::Object& before) {
    const auto back = members_in(draft);
    if (back && json::Value(*back) == json::Value(before)) return {};
    const std::string why = back ? "YAML cannot hold it unchanged" : back.error().detail;
    return local("this resource cannot be edited as YAML: " + why +
                 "; get it with -o json and apply that");
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

Exit edit(Session& session, const EditOptions& options) {
    const auto client = session.open();
    if (!client) return session.fail(client.error());
    const auto host = choose_host(**client, options.hosts, "edit changes what is on one host");
    if (!host) return session.fail(host.error());
    const auto resource = (*client)->resource(*host, options.collection, options.id);
    if (!resource) return session.fail(resource.error());
    const auto value = json::parse(resource->json, {.bytes = 64 << 20});
    const json::Object before = described(value ? *value : json::Value());
    const std::string text = draft_of(options, *host, before);
    if (const auto whole = check_draft(text, before); !whole) return session.fail(whole.error());
    const auto path = write_draft(text);
    if (!path) return session.fail(path.error());
    const Draft draft(*path, text);
    if (const auto edited = run_editor(*path); !edited) {
        draft.keep_if_written();
        return session.fail(edited.error());
    }
    const auto written = draft.read();
    const auto after = written ? members_in(*written) : written.error();
    if (after && json::Value(*after) == json::Value(before)) {
        draft.remove();
        Output::message("nothing was changed");
        return Exit::done;
    }
    Exit exit = Exit::usage;
    if (after) {
        ChangeOptions change = options;
        change.hosts = {{*host}, {}};
        exit = change_hosts(
            session, change,
            [&](client::Client& with, const std::string& on, const client::ChangeOptions& asked) {
                return put(with, on, options, before, resource->etag, *after, asked);
            });
    } else {
        session.fail(after.error());
    }
    if (exit == Exit::done) draft.remove();
    else draft.keep_if_written();
    return exit;
}

}  // namespace evenkeel::cli
