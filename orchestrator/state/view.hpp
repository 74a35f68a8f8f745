#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/crypto/record_chain.hpp"
#include "core/store/txn.hpp"
#include "orchestrator/state/command.hpp"
#include "orchestrator/state/host.hpp"
#include "orchestrator/state/kept_reply.hpp"
#include "orchestrator/state/resource.hpp"
#include "orchestrator/state/tables.hpp"
#include "orchestrator/state/token.hpp"

namespace evenkeel::state {

// The state at one moment, decoded. What is not there is nothing; an error means that the store
// does not read. A small handle over a transaction that outlives it.
class View {
  public:
    View(const store::ReadTxn& txn, const Tables& tables) : txn_(&txn), tables_(&tables) {}

    Result<std::optional<Host>> host(std::string_view id) const;
    // By id or by unique name.
    Result<std::optional<Host>> find_host(std::string_view id_or_name) const;
    Result<std::optional<std::string>> host_of_name(std::string_view name) const;
    Result<ComplianceCounts> counts(std::string_view host) const;
    Result<EventMark> mark(std::string_view host) const;

    Result<std::vector<Collection>> collections(std::string_view host) const;
    Result<std::optional<Collection>> collection(std::string_view host,
                                                 std::string_view name) const;
    Result<std::optional<std::string>> schema_text(std::string_view sha256) const;

    Result<std::optional<Resource>> resource(std::string_view host, const wire::Ref& ref) const;
    Result<std::optional<Command>> command(std::string_view id) const;
    // Unfinished commands with a number past `after`, by number; at most `most`.
    Result<std::vector<Command>> unfinished(std::string_view host, std::uint64_t after,
                                            std::size_t most) const;
    Result<bool> has_unfinished(std::string_view host) const;

    Result<std::optional<ApiToken>> api_token(std::string_view id) const;
    Result<std::optional<EnrolmentToken>> enrolment_token(std::string_view id) const;

    // The last record of the audit, and the one behind which those that are kept begin.
    Result<crypto::ChainEnd> audit_head() const { return chain_end("head"); }
    Result<crypto::ChainEnd> audit_anchor() const { return chain_end("anchor"); }
    Result<std::optional<KeptReply>> kept_reply(std::string_view record) const;

    // The last revision given out.
    Result<std::uint64_t> revision() const { return counter("revision"); }
    // Events up to and including this revision may have been thrown away.
    Result<std::uint64_t> events_floor() const { return counter("events_floor"); }
    Result<std::uint64_t> counter(std::string_view name) const;

    // Raw access for lists: sees key and value of each entry until it returns false.
    Result<void> scan(store::Table table, const store::Range& range,
                      const store::ReadTxn::Visit& visit) const {
        return txn_->scan(table, range, visit);
    }
    const Tables& tables() const { return *tables_; }

  protected:
    Result<crypto::ChainEnd> chain_end(std::string_view name) const;
    Result<std::optional<json::Value>> get(store::Table table, std::string_view key) const;

    const store::ReadTxn* txn_;
    const Tables* tables_;
};

// The JSON of one stored value; `corrupt` when it does not read.
Result<json::Value> parse_record(std::string_view text);

}  // namespace evenkeel::state
