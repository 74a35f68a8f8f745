#include "core/agent/store/migrate.hpp"

#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "core/agent/store/codecs.hpp"
#include "core/agent/store/layout.hpp"
#include "core/crypto/sealer.hpp"
#include "core/store/env.hpp"

namespace evenkeel::agent {
namespace {

// The move from layout 1 to layout 2 under way.
class Migration {
  public:
    Migration(const store::Env& env, store::WriteTxn& txn, std::string key_file)
        : env_(env), txn_(txn), key_file_(std::move(key_file)) {}

    Result<void> run() {
        EK_CHECK(
            each("descriptions", [this](auto& key, auto& text) { return description(key, text); }));
        EK_CHECK(each("inbox", [this](auto& key, auto& text) { return command(key, text); }));
        EK_CHECK(each("outbox", [this](auto& key, auto& text) { return event(key, text); }));
        EK_CHECK(each("removals", [this](auto& key, auto& text) {
            return txn_.put(env_.table("tombstones"), key, text);
        }));
        EK_CHECK(each("debts", [this](auto& key, auto& text) {
            return txn_.put(env_.table("pending_notifications"), key, text);
        }));
        return each("meta", [this](auto& key, auto& text) { return meta(key, text); });
    }

  private:
    using Take = std::function<Result<void>(const std::string& key, const std::string& text)>;

    // A scan must not change its table, so the keys are collected first; the values may be large.
    Result<void> each(const char* name, const Take& take) {
        const store::Table table = env_.table(name);
        std::vector<std::string> keys;
        EK_CHECK(txn_.scan(table, store::Range::all(), [&keys](std::string_view key, auto) {
            keys.emplace_back(key);
            return true;
        }));
        for (const std::string& key : keys) {
            const auto text = EK_TRY(txn_.get(table, key));
            if (auto taken = take(key, text.value_or("")); !taken) return fail(name, taken.error());
        }
        return {};
    }

    Result<json::Value> unseal(const json::Value& record, const std::string& context) {
        if (!sealer_) {
            sealer_ = EK_TRY(crypto::Sealer::open(key_file_, crypto::Sealer::Missing::refuse));
        }
        const crypto::Secret text = EK_TRY(sealer_->unseal(record.string_or("sealed"), context));
        return json::parse(text.reveal(), layout::kRecordLimits);
    }

    Result<std::uint64_t> add_body(const json::Value& body) {
        const std::uint64_t number = ++last_body_;
        EK_CHECK(txn_.put(env_.table("bodies"), store::number_key(number),
                          sealer_->seal(json::write(body), layout::body_context(number))));
        return number;
    }

    Result<void> description(const std::string& key, const std::string& text) {
        json::Value record = EK_TRY(json::parse(text, layout::kRecordLimits));
        const json::Value body = EK_TRY(unseal(record, "descriptions/" + key));
        record.as_object().erase("sealed");
        return txn_.put(env_.table("descriptions"), key,
                        layout::join_description(EK_TRY(add_body(body)), json::write(record)));
    }

    // A finished command has lost its resources already.
    Result<void> command(const std::string& id, const std::string& text) {
        json::Value record = EK_TRY(json::parse(text, layout::kRecordLimits));
        if (!record.find("sealed")) return {};
        const json::Value list = EK_TRY(unseal(record, "inbox/" + id));
        if (!list.is_array()) return fail(Errc::corrupt, "a command without resources");
        std::vector<std::uint64_t> bodies;
        json::Array resources;
        for (const json::Value& item : list.as_array()) {
            json::Value resource = item;
            std::uint64_t number = 0;
            if (item["description"].is_object()) {
                number = EK_TRY(add_body(item["description"]));
                EK_CHECK(txn_.put(env_.table("inbox_bodies"), store::number_key(number), ""));
                resource.as_object().erase("description");
            }
            bodies.push_back(number);
            resources.push_back(std::move(resource));
        }
        record.as_object().erase("sealed");
        EK_CHECK(txn_.put(
            env_.table("inbox_resources"), id,
            layout::join_resources(
                bodies, sealer_->seal(json::write(resources), layout::resources_context(id)))));
        return txn_.put(env_.table("inbox"), id, json::write(record));
    }

    // The data stay sealed as they are.
    Result<void> event(const std::string& key, const std::string& text) {
        json::Value record = EK_TRY(json::parse(text, layout::kRecordLimits));
        const std::string kind = record.string_or("kind");
        const std::string time = record.string_or("time");
        const std::string sealed = record.string_or("sealed");
        for (const char* name : {"kind", "time", "sealed"}) record.as_object().erase(name);
        return txn_.put(env_.table("outbox"), key,
                        layout::join_event({time, kind, json::write(record), sealed}));
    }

    Result<void> meta(const std::string& key, const std::string& text) {
        const store::Table table = env_.table("meta");
        constexpr std::string_view kHeld = "held/";
        if (key.starts_with(kHeld)) {
            EK_CHECK(txn_.put(env_.table("disabled_collections"), key.substr(kHeld.size()), text));
        } else if (key == "mark") {
            EK_CHECK(txn_.put(table, "command_position", text));
        } else if (key == "owes_truth") {
            EK_CHECK(txn_.put(table, "full_report_due", text));
        } else {
            return {};
        }
        EK_TRY(txn_.erase(table, key));
        return {};
    }

    const store::Env& env_;
    store::WriteTxn& txn_;
    std::string key_file_;
    std::optional<crypto::Sealer> sealer_;
    std::uint64_t last_body_ = 0;
};

}  // namespace

Result<void> migrate_to_layout_2(const store::Env& env, store::WriteTxn& txn,
                                 const std::string& key_file) {
    return Migration(env, txn, key_file).run();
}

}  // namespace evenkeel::agent
