#include "core/agent/local/commands.hpp"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <utility>

#include <unistd.h>

#include "core/agent/config/config.hpp"
#include "core/agent/config/options.hpp"
#include "core/agent/local/child_process.hpp"
#include "core/agent/local/client.hpp"
#include "core/agent/requests/local_protocol.hpp"
#include "core/base/file.hpp"
#include "core/base/text.hpp"
#include "core/plugin/call_marks.hpp"

namespace evenkeel::agent {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kShort = std::chrono::minutes(2);
constexpr milliseconds kLong = std::chrono::hours(1);

// Not always that of the process: plugins have that one in a child.
std::FILE* output = stdout;

void print(const json::Value& value) {
    const std::string text = json::write_pretty(value) + "\n";
    std::fwrite(text.data(), 1, text.size(), output);
    std::fflush(output);
}

int print_error(const Error& error, int code = kExitFailed) {
    print(json::Object{{"error", wire::encode(error)}});
    std::fprintf(stderr, "evenkeel-agent: %s\n", printable(error.what).c_str());
    return code;
}

Result<std::string> read_input(const std::string& file) {
    if (file != "-") return read_file(file, kLocalBytesMost);
    std::string text;
    char bytes[65536];
    for (;;) {
        const ssize_t count = read(STDIN_FILENO, bytes, sizeof bytes);
        if (count < 0) return fail(system_error(errno, "read standard input"));
        if (count == 0) return text;
        text.append(bytes, static_cast<std::size_t>(count));
        if (text.size() > kLocalBytesMost) return fail(Errc::limit, "standard input is too long");
    }
}

// {"resources":[...]}, as the verbs of plan and apply take it, which say all that is wrong in it.
Result<json::Value> read_file_of(const CommandLine& line) {
    const std::string text = EK_TRY(read_input(line.file));
    auto value = json::parse(text, {.bytes = kLocalBytesMost});
    if (!value) return fail(line.file, value.error());
    if (!value->is_object()) return fail(Errc::invalid, line.file + ": must be an object");
    // It stands beside the resources in the request, and the command line alone says it.
    if (value->find("detach")) {
        return fail(Errc::invalid, line.file + ": /detach: there is no field 'detach'");
    }
    if (line.detach) value->as_object().set("detach", true);
    return value;
}

Result<wire::Request> request_of(const CommandLine& line) {
    wire::Request request;
    request.verb = OpenName<wire::RequestVerb>(to_string(line.command));
    request.timeout = kShort;
    request.arguments = json::Object{};
    json::Object& arguments = request.arguments.as_object();
    if (line.command == Subcommand::plan || line.command == Subcommand::apply) {
        request.timeout = kLong;
        request.arguments = EK_TRY(read_file_of(line));
        return request;
    }
    if (line.command == Subcommand::check) {
        request.timeout = kLong;
        arguments.set("stream", true);
    }
    if (line.command == Subcommand::export_file) {
        request.timeout = kLong;
        json::Array what;
        for (const std::string& each : line.what) {
            const std::size_t equals = std::min(each.find('='), each.size());
            json::Object entry{{"collection", each.substr(0, equals)}};
            if (equals < each.size()) entry.set("id", each.substr(equals + 1));
            what.push_back(std::move(entry));
        }
        arguments.set("what", std::move(what));
    }
    if (!line.collection.empty()) arguments.set("collection", line.collection);
    if (line.command == Subcommand::read) arguments.set("ids", json::Array{line.id});
    if (line.command == Subcommand::invoke) {
        request.timeout = kLong;
        arguments.set("id", line.id);
        arguments.set("action", line.action);
        if (!line.arguments.empty()) {
            auto parsed = json::parse(line.arguments);
            if (!parsed) return fail("ARGUMENTS", parsed.error());
            arguments.set("arguments", std::move(*parsed));
        }
    }
    if (!line.release.empty()) {
        request.verb = wire::RequestVerb::release;
        arguments.set("collection", line.release);
    }
    return request;
}

bool is(const json::Value& entry, wire::Outcome outcome) {
    return entry.string_or("outcome") == to_string(outcome);
}

bool any_change(const json::Value& result) {
    for (const json::Value& entry : result["resources"].as_array()) {
        if (!entry["changes"].as_array().empty()) return true;
        if (entry.find("action") && is(entry, wire::Outcome::planned)) return true;
    }
    return false;
}

bool any_failed(const json::Value& result) {
    for (const json::Value& entry : result["resources"].as_array()) {
        if (is(entry, wire::Outcome::failed)) return true;
    }
    return false;
}

int check_code(const json::Value& result) {
    int code = kExitDone;
    for (const json::Value& entry : result["resources"].as_array()) {
        const auto compliance = wire::decode_compliance(entry["compliance"]);
        if (compliance && compliance->status == wire::Verdict::drifted) return kExitPending;
        const bool good = compliance && (compliance->status == wire::Verdict::compliant ||
                                         compliance->is(wire::UnknownReason::off));
        if (!good) code = kExitFailed;
    }
    return code;
}

int exit_code(const CommandLine& line, const json::Value& result) {
    if (line.command == Subcommand::check) return check_code(result);
    if (line.command == Subcommand::plan) {
        if (any_failed(result)) return kExitFailed;
        return any_change(result) ? kExitPending : kExitDone;
    }
    if (line.command == Subcommand::apply || line.command == Subcommand::invoke) {
        return result.string_or("state") == to_string(wire::EndState::succeeded) ? kExitDone
                                                                                 : kExitFailed;
    }
    return kExitDone;
}

// The file contains secrets: it must not be readable by others at any moment.
int show_export(const CommandLine& line, const json::Value& result) {
    for (const json::Value& draft : result["notes"].as_array())
        std::fprintf(stderr, "evenkeel-agent: %s\n", printable(draft.as_string()).c_str());
    const json::Value file = json::Object{{"resources", result["resources"]}};
    if (line.output.empty()) {
        print(file);
    } else if (auto written = write_file(line.output, json::write_pretty(file) + "\n", 0600);
               !written) {
        return print_error(written.error());
    }
    return result.bool_or("complete") ? kExitDone : kExitFailed;
}

// Each wrong field of a FILE on a line of its own.
int print_wrong_fields(const CommandLine& line, const Error& error, const json::Value& errors) {
    print(json::Object{{"error", wire::encode(error)}, {"errors", errors}});
    const std::size_t count = errors.as_array().size();
    std::fprintf(stderr, "evenkeel-agent: %s is refused: %zu %s wrong\n",
                 printable(line.file).c_str(), count, count == 1 ? "field is" : "fields are");
    for (const json::Value& each : errors.as_array()) {
        std::fprintf(stderr, "evenkeel-agent:   %s: %s\n",
                     printable(each.string_or("pointer")).c_str(),
                     printable(each.string_or("detail")).c_str());
    }
    return kExitUsage;
}

void print_warnings(const json::Value& warnings) {
    if (!warnings.is_array()) return;
    for (const json::Value& each : warnings.as_array())
        std::fprintf(stderr, "evenkeel-agent: %s\n", printable(each.as_string()).c_str());
}

int show(const CommandLine& line, const wire::Reply& reply) {
    if (reply.error) {
        const json::Value& errors = reply.result["errors"];
        if (errors.is_array()) return print_wrong_fields(line, *reply.error, errors);
        const bool is_file = line.command == Subcommand::plan || line.command == Subcommand::apply;
        const bool is_usage = is_file && reply.error->code == Errc::invalid;
        return print_error(*reply.error, is_usage ? kExitUsage : kExitFailed);
    }
    if (line.command == Subcommand::export_file) return show_export(line, reply.result);
    if (line.command != Subcommand::read) {
        print_warnings(reply.result["warnings"]);
        print(reply.result);
        return exit_code(line, reply.result);
    }
    const json::Array& items = reply.result["items"].as_array();
    if (items.empty()) {
        return print_error({Errc::not_found, line.collection + " " + line.id + " is not there"});
    }
    json::Value item = items.front();
    item.as_object().set("collection", line.collection);
    print(item);
    return item.find("error") ? kExitFailed : kExitDone;
}

int watch(Client client) {
    wire::Request request;
    request.verb = wire::RequestVerb::watch;
    request.arguments = json::Object{};
    if (auto reply = client.ask(request); !reply) return print_error(reply.error());
    for (;;) {
        const auto line = client.read_line(std::nullopt);
        if (!line) return print_error(line.error());
        std::fprintf(output, "%s\n", line->c_str());
        std::fflush(output);
    }
}

std::string who_ended(const Config& config) {
    const auto lost = plugin::lost_calls(marks_folder(config.state_dir));
    return lost.empty() ? "" : plugin::sentence_of(lost.front());
}

}  // namespace

int run_command(const CommandLine& line, const Config& config,
                const AnswerInProcess& answer_in_process) {
    auto client = Client::connect(config.socket);
    if (client && line.command == Subcommand::watch) return watch(std::move(*client));
    if (!client && (line.command == Subcommand::watch || line.command == Subcommand::status)) {
        return print_error({Errc::unavailable, "no agent runs: " + client.error().what});
    }
    const auto request = request_of(line);
    // A FILE that cannot be read, or arguments that are no JSON.
    if (!request) return print_error(request.error(), kExitUsage);
    if (client) {
        const auto reply = client->ask(*request);
        return reply ? show(line, *reply) : print_error(reply.error());
    }
    const auto answer = [&](std::FILE* kept) {
        output = kept;
        const auto reply = answer_in_process(*request);
        // An agent that starts or ends has the store, and no socket.
        const bool is_held = !reply && reply.error().code == Errc::busy;
        return reply ? show(line, *reply)
                     : print_error(reply.error(), is_held ? kExitInUse : kExitFailed);
    };
    return run_in_child(answer, [&] { return who_ended(config); });
}

}  // namespace evenkeel::agent
