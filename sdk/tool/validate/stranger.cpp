#include "sdk/tool/validate/stranger.hpp"

#include <csignal>

#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/base/file.hpp"
#include "sdk/tool/validate/instance.hpp"

namespace evenkeel::validate {
namespace {

bool receive(int fd, void* bytes, std::size_t size) {
    for (auto* at = static_cast<char*>(bytes); size > 0;) {
        const ssize_t got = ::read(fd, at, size);
        if (got <= 0) return false;
        at += got;
        size -= static_cast<std::size_t>(got);
    }
    return true;
}

// A message is its length, 32 bits, and JSON.
bool send(int fd, const json::Value& value) {
    const std::string text = json::write(value);
    const auto size = static_cast<std::uint32_t>(text.size());
    std::string message(reinterpret_cast<const char*>(&size), sizeof(size));
    return write_all(fd, message + text).has_value();
}
json::Value receive(int fd) {
    std::uint32_t size = 0;
    if (!receive(fd, &size, sizeof(size))) return nullptr;
    std::string text(size, '\0');
    if (!receive(fd, text.data(), size)) return nullptr;
    auto value = json::parse(text, {.bytes = 8u << 20});
    return value ? std::move(*value) : json::Value();
}

json::Value done(Instance& instance, const json::Value& request) {
    const std::string what = request.string_or("do"), id = request.string_or("id");
    if (what == "read") return json::Object{{"state", instance.state(id)}};
    if (what == "remove") instance.must_remove(id);
    const json::Value& second = request["second"];
    for (std::int64_t i = 0; i < request.integer_or("times"); ++i)
        instance.must_apply(id, i % 2 == 0 || second.is_null() ? request["first"] : second);
    return json::Object{};
}

[[noreturn]] void serve(int fd, const BenchOptions& options) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    std::unique_ptr<Bench> bench;
    std::unique_ptr<Instance> instance;
    std::string opened;
    for (json::Value request = receive(fd); !request.is_null(); request = receive(fd)) {
        json::Value answer;
        try {
            if (bench == nullptr) bench = std::make_unique<Bench>(options);
            const std::string name = request.string_or("collection");
            if (opened != name) instance.reset();
            const ek_module& module = bench->module();
            for (std::size_t i = 0; opened != name && i < module.collection_count; ++i)
                if (copy(module.collections[i]->name) == name)
                    bench->choose(*module.collections[i]);
            if (instance == nullptr) instance = bench->open();
            opened = name;
            answer = done(*instance, request);
        } catch (const Broken& found) {
            answer = json::Object{{"broken", found.what + " " + found.record}};
        } catch (const Skipped& found) {
            answer = json::Object{{"broken", found.why}};
        }
        if (!send(fd, answer)) break;
    }
    ::_exit(0);
}

}  // namespace

Stranger::Stranger(const BenchOptions& options) {
    if (options.is_stranger) return;
    int ends[2];
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) return;
    channel_ = Fd(ends[0]);
    Fd theirs(ends[1]);
    pid_ = ::fork();
    if (pid_ == 0) {
        channel_.reset();
        BenchOptions own = options;
        own.is_stranger = true;
        serve(theirs.get(), own);
    }
}

Stranger::~Stranger() {
    channel_.reset();
    if (pid_ <= 0) return;
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
}

json::Value Stranger::ask(json::Object request) {
    if (!channel_ || !send(channel_.get(), std::move(request)))
        broken("the other process with this plugin has ended");
    json::Value answer = receive(channel_.get());
    if (answer.is_null()) broken("the other process with this plugin has ended");
    if (const std::string why = answer.string_or("broken"); !why.empty())
        broken("in another process: " + why);
    return answer;
}

void Stranger::apply(const std::string& collection, const std::string& id,
                     const json::Value& description) {
    churn(collection, id, description, nullptr, 1);
}

void Stranger::churn(const std::string& collection, const std::string& id, const json::Value& first,
                     const json::Value& second, int times) {
    ask({{"collection", collection},
         {"do", "apply"},
         {"id", id},
         {"first", first},
         {"second", second},
         {"times", times}});
}

void Stranger::remove(const std::string& collection, const std::string& id) {
    ask({{"collection", collection}, {"do", "remove"}, {"id", id}});
}

json::Value Stranger::read(const std::string& collection, const std::string& id) {
    return ask({{"collection", collection}, {"do", "read"}, {"id", id}})["state"];
}

}  // namespace evenkeel::validate
