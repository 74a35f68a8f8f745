#include "orchestrator/state/replies.hpp"

#include <string>
#include <vector>

#include "orchestrator/state/edit.hpp"
#include "orchestrator/state/records.hpp"

// replies: digest -> KeptReply
namespace evenkeel::state {

Replies View::replies() const {
    return Replies(*this);
}

ReplyEdits Edit::replies() {
    return ReplyEdits(*this);
}

Result<std::optional<KeptReply>> Replies::find(std::string_view digest) const {
    return find_record<KeptReply>(*txn_, tables_->replies, digest, decode_kept_reply);
}

ReplyEdits::ReplyEdits(Edit& edit) : Replies(edit), RepositoryEdits(edit) {}

Result<void> ReplyEdits::put(std::string_view digest, const KeptReply& reply) {
    return put_record(*write_, tables_->replies, digest, encode(reply));
}

Result<void> ReplyEdits::erase_old(std::int64_t before_ms, std::size_t most) {
    std::vector<std::string> old;
    EK_CHECK(txn_->scan(tables_->replies, store::Range::all(),
                        [&](std::string_view key, std::string_view text) {
                            const auto reply = decode_record<KeptReply>(text, decode_kept_reply);
                            if (!reply || reply->at_ms < before_ms) old.emplace_back(key);
                            return old.size() < most;
                        }));
    for (const std::string& key : old) EK_CHECK(write_->erase(tables_->replies, key));
    return {};
}

}  // namespace evenkeel::state
