#include <optional>

#include "core/base/file.hpp"
#include "core/base/time.hpp"
#include "core/crypto/record_chain.hpp"
#include "sdk/client/cli/commands.hpp"
#include "sdk/client/cli/failure.hpp"

namespace evenkeel::cli {
namespace {

using crypto::ChainCheck;
using crypto::ChainEnd;

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

// The end of the chain at the last verify.
struct Pin {
    ChainEnd end;
    std::string time;  // of its record; empty in files of older programs
};

client::Result<std::optional<Pin>> read_pin(const std::string& path) {
    if (path.empty()) return std::optional<Pin>();
    const auto text = read_file(path);
    if (!text && text.error().code == Errc::not_found) return std::optional<Pin>();
    const auto value =
        text ? json::parse(*text) : Result<json::Value>(evenkeel::fail(text.error()));
    const auto end = value.and_then(crypto::decode_chain_end);
    if (!end) return local(path + ": " + end.error().what);
    return std::optional(Pin{*end, value->string_or("time")});
}

// The chain, read to its end.
struct Verified {
    Pin last;
    bool has_pinned = false;              // the pinned record is in it
    std::optional<json::Value> restored;  // the record of the last restore that lost the pinned one
};

// Whether this is the record of a restore from a backup that was too old to have the pinned one. A
// restore before the pin was made is no reason for what happened after it.
bool explains_loss(const json::Value& record, const Pin& pin) {
    if (record.string_or("method") != "SYSTEM" || record.string_or("route") != "restore") {
        return false;
    }
    const auto head = crypto::decode_chain_end(record["detail"]["backup"]["head"]);
    return head && head->seq < pin.end.seq && record.string_or("time") >= pin.time;
}

constexpr const char* kNoEnds = "the answer names no ends of the chain";

class Walk {
  public:
    explicit Walk(const std::optional<Pin>& pin) : pin_(pin) { found_.has_pinned = !pin; }

    Result<void> take(const json::Value& page) {
        const auto begin = crypto::decode_chain_end(page["anchor"]);
        if (!begin) return evenkeel::fail(Errc::corrupt, kNoEnds);
        if (!check_) {
            check_.emplace(*begin);
            if (pin_ && pin_->end.seq < begin->seq) {
                return evenkeel::fail(Errc::not_found, "the pinned audit record " +
                                                           std::to_string(pin_->end.seq) +
                                                           " is older than what is kept");
            }
            look();
        }
        for (const json::Value& record : page["items"].as_array()) {
            EK_CHECK(check_->next(record));
            found_.last.time = record.string_or("time");
            look();
            if (pin_ && !found_.has_pinned && explains_loss(record, *pin_)) {
                found_.restored = record;
            }
        }
        return {};
    }

    Result<Verified> finish(const json::Value& page) {
        const auto head = crypto::decode_chain_end(page["head"]);
        if (!head) return evenkeel::fail(Errc::corrupt, kNoEnds);
        EK_CHECK(check_->finish(*head));
        found_.last.end = check_->end();
        return found_;
    }

  private:
    void look() { found_.has_pinned = found_.has_pinned || check_->end() == pin_->end; }

    const std::optional<Pin>& pin_;
    std::optional<ChainCheck> check_;
    Verified found_;
};

client::Result<Verified> walk(client::Client& client, const std::optional<Pin>& pin) {
    Walk walk(pin);
    std::string cursor;
    for (;;) {
        const auto got = page(client, {{"order", "oldest"}, {"limit", "1000"}, {"cursor", cursor}});
        if (!got) return got.error();
        if (const auto taken = walk.take(*got); !taken) return local(taken.error().what);
        cursor = got->string_or("next");
        if (!cursor.empty()) continue;
        auto found = walk.finish(*got);
        if (!found) return local(found.error().what);
        return *std::move(found);
    }
}

// Why the pinned record is not in a chain that is whole.
client::Failure lost(const Verified& found, const Pin& pin, const std::string& file) {
    const std::string number = std::to_string(pin.end.seq);
    if (found.restored) {
        const json::Value& record = *found.restored;
        const std::string made = record["detail"]["backup"].string_or("made");
        return {.kind = client::Kind::local,
                .code = kRestored,
                .detail = "the store was restored on " + record.string_or("time") +
                          " from a backup made " + (made.empty() ? "before" : made) +
                          "; the record " + number +
                          " that you pinned is not in it. If that restore was meant, pin anew: "
                          "remove " +
                          file + ", then ek audit --verify --head " + file};
    }
    if (found.last.end.seq < pin.end.seq) {
        return local("audit record " + std::to_string(found.last.end.seq + 1) +
                     " is missing: the chain ends before the pinned one");
    }
    return local("audit record " + number +
                 " is not the one that was pinned: the chain was made anew");
}

json::Value encode(const Pin& pin) {
    json::Value value = crypto::encode(pin.end);
    if (!pin.time.empty()) value.as_object().set("time", pin.time);
    return value;
}

Exit verify(Session& session, client::Client& client, const AuditOptions& options) {
    const auto pin = read_pin(options.head);
    if (!pin) return session.fail(pin.error()), Exit::usage;
    const auto found = walk(client, *pin);
    if (!found) return session.fail(found.error());
    if (!found->has_pinned) return session.fail(lost(*found, **pin, options.head));
    if (!options.head.empty()) {
        const auto kept = write_file(options.head, json::write(encode(found->last)) + "\n", 0644);
        if (!kept) return session.fail(local(kept.error().what));
    }
    const ChainEnd& end = found->last.end;
    if (session.output().is_data()) session.output().data(json::write(crypto::encode(end)));
    else
        session.output().text("whole up to record " + std::to_string(end.seq) + ", hash " +
                              end.hash + "\n");
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
