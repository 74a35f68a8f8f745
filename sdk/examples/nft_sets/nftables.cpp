#include "nftables.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>

#include <dirent.h>
#include <evenkeel/cpp/fd.hpp>
#include <fcntl.h>
#include <linux/netlink.h>
#include <nftables/libnftables.h>
#include <sys/socket.h>

namespace nft_sets {

namespace {

bool is_of_netfilter(int fd) {
    int domain = 0, protocol = -1;
    socklen_t size = sizeof domain;
    return ::getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &size) == 0 && domain == AF_NETLINK &&
           ::getsockopt(fd, SOL_SOCKET, SO_PROTOCOL, &protocol, &size) == 0 &&
           protocol == NETLINK_NETFILTER;
}

// libnftables opens its socket so that programs which are started later would inherit it, and does
// not say which one it is.
void close_sockets_on_exec() {
    const std::unique_ptr<DIR, int (*)(DIR*)> folder(::opendir("/proc/self/fd"), ::closedir);
    while (const dirent* entry = folder ? ::readdir(folder.get()) : nullptr) {
        const int fd = std::atoi(entry->d_name);
        if (is_of_netfilter(fd)) ::fcntl(fd, F_SETFD, FD_CLOEXEC);
    }
}

std::string array_of(const std::vector<std::string>& values) {
    std::string array = "[";
    for (const std::string& value : values) (array += array.size() > 1 ? "," : "") += value;
    return array + "]";
}

// {"add": {"set": {...}}}
std::string command(const char* verb, const char* kind, const std::string& body) {
    return sdk::Object().raw(verb, sdk::Object().raw(kind, body).json()).json();
}

sdk::Object body_of(const SetName& name) {
    sdk::Object body;
    body.text("family", name.family).text("table", name.table).text("name", name.name);
    return body;
}

std::string json_of(Type type, const Range& range) {
    const std::string first = sdk::quote(text_of(type, range.first));
    if (range.is_single()) return first;
    return sdk::Object()
        .raw("range", array_of({first, sdk::quote(text_of(type, range.last))}))
        .json();
}

// In the words of nftables. One that `kept` has too keeps what else it has: a comment.
std::vector<std::string> elements_of(const Set& wanted, const Found* kept) {
    std::vector<std::string> elements;
    for (const Range& range : wanted.elements) {
        const std::string* written = kept ? written_of(*kept, range) : nullptr;
        elements.push_back(written ? *written : json_of(wanted.type, range));
    }
    return elements;
}

// The first of the errors: those that follow come of it.
std::string first_error(std::string_view output) {
    constexpr std::string_view kMark = "Error: ";
    const std::size_t at = output.find(kMark);
    if (at != output.npos) output.remove_prefix(at + kMark.size());
    return std::string(output.substr(0, output.find('\n')));
}

sdk::Failure failure_of(const std::string& doing, const std::string& words) {
    const auto says = [&](int reason) { return words.find(std::strerror(reason)) != words.npos; };
    const bool is_conflict = says(EBUSY) || says(ENOENT) || says(EEXIST) || says(ENFILE);
    const ek_status status = says(EPERM)   ? EK_E_DENIED
                             : is_conflict ? EK_E_CONFLICT
                                           : EK_E_UNAVAILABLE;
    sdk::Failure failure(status, "cannot " + doing + ": " + words);
    if (says(EBUSY)) failure.hint("a rule uses it, which has to go first");
    return failure;
}

// Of a new set, with what the one that it replaces has beyond a description.
std::string definition_of(const SetName& name, const Set& wanted, const Found* replaced,
                          const std::vector<std::string>& elements) {
    sdk::Object body = body_of(name);
    std::vector<std::string> flags;
    if (replaced) flags = replaced->flags;
    if (wanted.interval) flags.emplace_back("\"interval\"");
    body.text("type", name_of(wanted.type));
    if (!flags.empty()) body.raw("flags", array_of(flags));
    if (!elements.empty()) body.raw("elem", array_of(elements));
    if (replaced)
        for (const auto& [key, value] : replaced->rest) body.raw(key, value);
    return body.json();
}

}  // namespace

Nftables::Nftables() : context_(nullptr, nft_ctx_free) {
    // libnftables would end the process where it gets no socket.
    sdk::Fd socket(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_NETFILTER));
    if (!socket)
        throw sdk::Failure(EK_E_UNAVAILABLE,
                           std::string("cannot speak to nftables: ") + std::strerror(errno));
    socket.reset();
    context_.reset(nft_ctx_new(NFT_CTX_DEFAULT));
    if (!context_ || nft_ctx_buffer_output(context_.get()) != 0 ||
        nft_ctx_buffer_error(context_.get()) != 0)
        throw sdk::Failure(EK_E_UNAVAILABLE, "there is no memory");
    close_sockets_on_exec();
    list("tables", "null");
}

// What it prints; nothing if it fails, and why.
std::optional<std::string> Nftables::run(const std::string& commands, unsigned flags,
                                         std::string& words) {
    nft_ctx_output_set_flags(context_.get(), NFT_CTX_OUTPUT_JSON | flags);
    const int result =
        nft_run_cmd_from_buffer(context_.get(), ("{\"nftables\":[" + commands + "]}").c_str());
    const std::string output = nft_ctx_get_output_buffer(context_.get());
    words = first_error(nft_ctx_get_error_buffer(context_.get()));
    if (result != 0) return std::nullopt;
    return output;
}

std::string Nftables::list(const char* kind, const std::string& which, unsigned flags) {
    std::string words;
    auto output = run(command("list", kind, which), flags, words);
    if (!output) throw failure_of(std::string("list the ") + kind + " of nftables", words);
    return std::move(*output);
}

std::vector<Found> Nftables::sets() {
    return sets_in(list("sets", "null"));
}

std::optional<Found> Nftables::find(const SetName& name) {
    std::string words;
    const auto output = run(command("list", "set", body_of(name).json()), 0, words);
    if (!output) {
        if (has(name)) throw failure_of("read " + name.id(), words);
        return std::nullopt;
    }
    std::vector<Found> sets = sets_in(*output);
    if (sets.empty()) return std::nullopt;
    return std::move(sets.front());
}

bool Nftables::has(const SetName& name) {
    const auto sets = sets_in(list("sets", "null", NFT_CTX_OUTPUT_TERSE));
    return std::any_of(sets.begin(), sets.end(),
                       [&](const Found& found) { return found.name.id() == name.id(); });
}

bool Nftables::has_table(const SetName& name) {
    const json::Document document = json::parse_object(list("tables", "null"));
    const json::Value* objects = json::find(document, "nftables");
    if (!objects || !objects->IsArray()) return false;
    return std::any_of(objects->Begin(), objects->End(), [&](const json::Value& object) {
        const json::Value* table = object.IsObject() ? json::find(object, "table") : nullptr;
        return table && table->IsObject() && json::text_of(*table, "family") == name.family &&
               json::text_of(*table, "name") == name.table;
    });
}

void Nftables::commit(const SetName& name, const std::string& commands, const char* doing) {
    std::string words;
    if (!run(commands, 0, words)) throw failure_of(doing + (" " + name.id()), words);
}

void Nftables::write(const SetName& name, const Set& wanted, const Found* now) {
    const bool stays = now && now->set.type == wanted.type && now->set.interval == wanted.interval;
    const auto elements = elements_of(wanted, stays ? now : nullptr);
    std::string commands;
    if (stays) {
        // To take elements out one by one costs libnftables the square of their number.
        commands = command("flush", "set", body_of(name).json());
        const std::string all = body_of(name).raw("elem", array_of(elements)).json();
        if (!elements.empty()) commands += "," + command("add", "element", all);
    } else {
        if (now) commands = command("delete", "set", body_of(name).json()) + ",";
        commands += command("add", "set", definition_of(name, wanted, now, elements));
    }
    commit(name, commands, now ? "change" : "make");
}

void Nftables::remove(const SetName& name) {
    commit(name, command("delete", "set", body_of(name).json()), "remove");
}

}  // namespace nft_sets
