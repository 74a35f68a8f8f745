#include "orchestrator/state/view.hpp"

#include "core/base/id.hpp"
#include "core/base/text.hpp"

namespace evenkeel::state {
namespace {

// A record is what passed the gate, plus what we put around it.
constexpr json::Limits kRecordLimits{.bytes = 64 << 20, .depth = json::kDeepest};

// The record as a T, if there is one.
template <typename T>
Result<std::optional<T>> decoded(Result<std::optional<json::Value>> value,
                                 Result<T> (*decode)(const json::Value&)) {
    if (!value) return fail(value.error());
    if (!*value) return std::optional<T>();
    auto record = decode(**value);
    if (!record) return fail(Errc::corrupt, record.error().what);
    return std::optional<T>(*std::move(record));
}

}  // namespace

Result<json::Value> parse_record(std::string_view text) {
    auto value = json::parse(text, kRecordLimits);
    if (!value) return fail(Errc::corrupt, "a stored record does not read: " + value.error().what);
    return value;
}

Result<std::optional<json::Value>> View::get(store::Table table, std::string_view key) const {
    if (key.empty() || key.size() > store::kKeyBytesMax) return std::optional<json::Value>();
    const auto text = EK_TRY(txn_->get(table, key));
    if (!text) return std::optional<json::Value>();
    return std::optional<json::Value>(EK_TRY(parse_record(*text)));
}

Result<std::optional<Host>> View::host(std::string_view id) const {
    return decoded<Host>(get(tables_->hosts, id), decode_host);
}

Result<std::optional<Host>> View::find_host(std::string_view id_or_name) const {
    if (is_id("host", id_or_name)) return host(id_or_name);
    const auto id = EK_TRY(host_of_name(id_or_name));
    return id ? host(*id) : Result<std::optional<Host>>(std::nullopt);
}

Result<std::optional<std::string>> View::host_of_name(std::string_view name) const {
    if (name.empty() || name.size() > store::kKeyBytesMax) return std::optional<std::string>();
    return txn_->get(tables_->names, name);
}

Result<ComplianceCounts> View::counts(std::string_view host) const {
    const auto value = EK_TRY(get(tables_->tallies, host));
    return value ? decode_counts(*value) : ComplianceCounts{};
}

Result<EventMark> View::mark(std::string_view host) const {
    return EK_TRY(decoded<EventMark>(get(tables_->marks, host), decode_mark)).value_or(EventMark{});
}

Result<std::vector<Collection>> View::collections(std::string_view host) const {
    std::vector<Collection> found;
    Error bad{Errc::corrupt, ""};
    EK_CHECK(scan(tables_->collections, store::Range::prefix(host_prefix(host)),
                  [&](std::string_view, std::string_view value) {
                      auto record = parse_record(value).and_then(decode_collection);
                      if (!record) {
                          bad.what = record.error().what;
                          return false;
                      }
                      found.push_back(*std::move(record));
                      return true;
                  }));
    if (!bad.what.empty()) return fail(bad);
    return found;
}

Result<std::optional<Collection>> View::collection(std::string_view host,
                                                   std::string_view name) const {
    return decoded<Collection>(get(tables_->collections, host_key(host, name)), decode_collection);
}

Result<std::optional<std::string>> View::schema_text(std::string_view sha256) const {
    if (sha256.empty()) return std::optional<std::string>();
    return txn_->get(tables_->schemas, sha256);
}

Result<std::optional<Resource>> View::resource(std::string_view host, const wire::Ref& ref) const {
    return decoded<Resource>(get(tables_->resources, resource_key(host, ref)), decode_resource);
}

Result<std::optional<Command>> View::command(std::string_view id) const {
    return decoded<Command>(get(tables_->commands, id), decode_command);
}

Result<std::vector<Command>> View::unfinished(std::string_view host, std::uint64_t after,
                                              std::size_t most) const {
    std::vector<std::string> ids;
    EK_CHECK(scan(tables_->queue,
                  store::Range::prefix(host_prefix(host)).after(queue_key(host, after)),
                  [&](std::string_view, std::string_view id) {
                      ids.emplace_back(id);
                      return ids.size() < most;
                  }));
    std::vector<Command> found;
    for (const std::string& id : ids) {
        auto record = EK_TRY(command(id));
        if (!record)
            return fail(Errc::corrupt, "the queue names command " + id + ", which is gone");
        found.push_back(*std::move(record));
    }
    return found;
}

Result<bool> View::has_unfinished(std::string_view host) const {
    return EK_TRY(txn_->first(tables_->queue, store::Range::prefix(host_prefix(host)))).has_value();
}

Result<std::optional<ApiToken>> View::api_token(std::string_view id) const {
    return decoded<ApiToken>(get(tables_->tokens, id), decode_api_token);
}

Result<std::optional<EnrolmentToken>> View::enrolment_token(std::string_view id) const {
    return decoded<EnrolmentToken>(get(tables_->enrolment_tokens, id), decode_enrolment_token);
}

Result<crypto::ChainEnd> View::chain_end(std::string_view name) const {
    const auto found =
        decoded<crypto::ChainEnd>(get(tables_->audit_ends, name), crypto::decode_chain_end);
    return EK_TRY(found).value_or(crypto::ChainEnd{.seq = 0, .hash = crypto::kNoHash});
}

Result<std::optional<KeptReply>> View::kept_reply(std::string_view record) const {
    return decoded<KeptReply>(get(tables_->replies, record), decode_kept_reply);
}

Result<std::uint64_t> View::counter(std::string_view name) const {
    const auto text = EK_TRY(txn_->get(tables_->counters, name));
    return text ? parse_number(*text) : Result<std::uint64_t>(0);
}

}  // namespace evenkeel::state
