#include <optional>

#include "core/base/file.hpp"
#include "core/base/time.hpp"
#include "core/crypto/record_chain.hpp"
#include "sdk/client/cli/commands.hpp"

namespace evenkeel::cli {
namespace {

using crypto::ChainCheck;
using crypto::ChainEnd;

client::Failure local(std::string why) {
    return {.kind = client::Kind::local, .detail = std::move(why)};
}

client::Result<std::string> time_of(const std::string& since) {
    if (since.empty()) return since;
    if (const auto ago = parse_duration(since)) return to_rfc3339(now_unix_ms() - ago->count());
    if (from_rfc3339(since)) return since;
    return local("--since is a time like 2026-11-23T05:36:53Z, or how long ago: 7d");
}

client::Result<json::Value> page(client::Client& client,
                                 std::vector<std::pair<std::string, std::string>> query) {
    const auto reply = client.send({.path = "/v1/audit", .query = std::move(query)});
    if (!reply) return reply.error();
    auto value = json::parse(reply->body, {.bytes = 64 << 20});
    if (!value || !(*value)["items"].is_array()) return local("the answer is no list");
    return *std::move(value);
}

std::string summary(const json::Value& detail) {
    if (const json::Value* permission = detail.find("permission")) {
        return "needs " + permission->as_string();
    }
    return detail.is_object() && detail.as_object().empty() ? "" : brief(json::write(detail));
}

Exit list(Session& session, client::Client& client, const AuditOptions& options) {
    const auto since = time_of(options.since);
    if (!since) return session.fail(since.error()), Exit::usage;
    std::vector<std::string> items;
    Table table{
        {"SEQ", "TIME", "ACTOR", "ROLE", "OUTCOME", "METHOD", "OBJECT", "ADDRESS", "DETAIL"}, {}};
    std::string cursor;
    do {
        const std::size_t most = std::min<std::size_t>(options.limit - items.size(), 1000);
        const auto got = page(client, {{"since", *since},
                                       {"filter", options.filter},
                                       {"limit", std::to_string(most)},
                                       {"cursor", cursor}});
        if (!got) return session.fail(got.error());
        for (const json::Value& item : (*got)["items"].as_array()) {
            items.push_back(json::write(item));
            const json::Value& who = item["actor"];
            const std::string name = who.string_or("name");
            table.rows.push_back({std::to_string(item.integer_or("seq")), item.string_or("time"),
                                  name.empty() ? who.string_or("id") : name, who.string_or("role"),
                                  item.string_or("outcome"), item.string_or("method"),
                                  item.string_or("object"), item.string_or("address"),
                                  summary(item["detail"])});
        }
        cursor = got->string_or("next");
    } while (!cursor.empty() && items.size() < options.limit);
    if (session.output().is_data()) session.output().data_items(items);
    else session.output().table(table);
    return Exit::done;
}

client::Result<std::optional<ChainEnd>> read_pin(const std::string& path) {
    if (path.empty()) return std::optional<ChainEnd>();
    const auto text = read_file(path);
    if (!text && text.error().code == Errc::not_found) return std::optional<ChainEnd>();
    const auto end = text ? json::parse(*text).and_then(crypto::decode_chain_end)
                          : Result<ChainEnd>(evenkeel::fail(text.error()));
    if (!end) return local(path + ": " + end.error().what);
    return std::optional(*end);
}

// Walks over the whole chain; the end of it, or what is wrong.
client::Result<ChainEnd> walk(client::Client& client, const std::optional<ChainEnd>& pin) {
    std::optional<ChainCheck> check;
    ChainEnd anchor;
    bool met = !pin;
    std::string cursor;
    for (;;) {
        const auto got = page(client, {{"order", "oldest"}, {"limit", "1000"}, {"cursor", cursor}});
        if (!got) return got.error();
        const auto head = crypto::decode_chain_end((*got)["head"]);
        const auto begin = crypto::decode_chain_end((*got)["anchor"]);
        if (!head || !begin) return local("the answer names no ends of the chain");
        if (!check) check.emplace(anchor = *begin);
        const auto meet = [&] {
            met = met || check->end() == *pin;
            return met || check->end().seq < pin->seq;
        };
        if (pin && pin->seq < anchor.seq) {
            return local("the pinned audit record " + std::to_string(pin->seq) +
                         " is older than what is kept");
        }
        bool same = meet();
        for (const json::Value& record : (*got)["items"].as_array()) {
            if (!same) break;
            if (const auto ok = check->next(record); !ok) return local(ok.error().what);
            same = meet();
        }
        if (!same) {
            return local("audit record " + std::to_string(pin->seq) +
                         " is not the one that was pinned: the chain was made anew");
        }
        cursor = got->string_or("next");
        if (!cursor.empty()) continue;
        if (const auto ok = check->finish(*head); !ok) return local(ok.error().what);
        if (!met) {
            return local("audit record " + std::to_string(check->end().seq + 1) +
                         " is missing: the chain ends before the pinned one");
        }
        return check->end();
    }
}

Exit verify(Session& session, client::Client& client, const AuditOptions& options) {
    const auto pin = read_pin(options.head);
    if (!pin) return session.fail(pin.error()), Exit::usage;
    const auto end = walk(client, *pin);
    if (!end) return session.fail(end.error());
    const std::string head = json::write(crypto::encode(*end));
    if (!options.head.empty()) {
        const auto kept = write_file(options.head, head + "\n", 0644);
        if (!kept) return session.fail(local(kept.error().what));
    }
    if (session.output().is_data()) session.output().data(head);
    else
        session.output().text("whole up to record " + std::to_string(end->seq) + ", hash " +
                              end->hash + "\n");
    return Exit::done;
}

}  // namespace

Exit audit(Session& session, const AuditOptions& options) {
    const auto client = session.open();
    if (!client) return session.fail(client.error());
    if (options.verify) return verify(session, **client, options);
    return list(session, **client, options);
}

}  // namespace evenkeel::cli
