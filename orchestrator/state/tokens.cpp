#include "orchestrator/state/tokens.hpp"

#include <string>
#include <vector>

#include "orchestrator/state/edit.hpp"
#include "orchestrator/state/records.hpp"

// tokens: id -> ApiToken
namespace evenkeel::state {

Tokens View::tokens() const {
    return Tokens(*this);
}

TokenEdits Edit::tokens() {
    return TokenEdits(*this);
}

Result<std::optional<ApiToken>> Tokens::find(std::string_view id) const {
    return find_record<ApiToken>(*txn_, tables_->tokens, id, decode_api_token);
}

Result<bool> Tokens::has_admin(std::int64_t now_ms, std::string_view except) const {
    bool found = false;
    EK_CHECK(txn_->scan(
        tables_->tokens, store::Range::all(), [&](std::string_view id, std::string_view text) {
            const auto token = decode_record<ApiToken>(text, decode_api_token);
            found = token && id != except && token->role == Role::admin && token->counts(now_ms);
            return !found;
        }));
    return found;
}

List Tokens::list() const {
    return Record::list(tables_->tokens);
}

Result<ApiToken> Tokens::read(const Entry& entry) {
    return Record::decode<ApiToken>(entry, decode_api_token);
}

TokenEdits::TokenEdits(Edit& edit) : Tokens(edit), RepositoryEdits(edit) {}

Result<void> TokenEdits::put(const ApiToken& token) {
    return put_record(*write_, tables_->tokens, token.id, encode(token));
}

Result<void> TokenEdits::erase_ended(std::int64_t before_ms, std::size_t most) {
    std::vector<std::string> ended;
    EK_CHECK(txn_->scan(tables_->tokens, store::Range::all(),
                        [&](std::string_view id, std::string_view text) {
                            const auto token = decode_record<ApiToken>(text, decode_api_token);
                            if (!token) return true;
                            const std::int64_t end =
                                token->revoked_at_ms ? token->revoked_at_ms : token->expires_at_ms;
                            if (end != 0 && end < before_ms) ended.emplace_back(id);
                            return ended.size() < most;
                        }));
    for (const std::string& id : ended) EK_CHECK(write_->erase(tables_->tokens, id));
    return {};
}

}  // namespace evenkeel::state
