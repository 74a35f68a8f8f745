#include "orchestrator/state/enrolment_tokens.hpp"

#include "orchestrator/state/edit.hpp"
#include "orchestrator/state/records.hpp"

// enrolment_tokens: id -> EnrolmentToken
namespace evenkeel::state {

EnrolmentTokens View::enrolment_tokens() const {
    return EnrolmentTokens(*this);
}

EnrolmentTokenEdits Edit::enrolment_tokens() {
    return EnrolmentTokenEdits(*this);
}

Result<std::optional<EnrolmentToken>> EnrolmentTokens::find(std::string_view id) const {
    return find_record<EnrolmentToken>(*txn_, tables_->enrolment_tokens, id,
                                       decode_enrolment_token);
}

List EnrolmentTokens::list() const {
    return Record::list(tables_->enrolment_tokens);
}

Result<EnrolmentToken> EnrolmentTokens::read(const Entry& entry) {
    return Record::decode<EnrolmentToken>(entry, decode_enrolment_token);
}

EnrolmentTokenEdits::EnrolmentTokenEdits(Edit& edit)
    : EnrolmentTokens(edit), RepositoryEdits(edit) {}

Result<void> EnrolmentTokenEdits::put(const EnrolmentToken& token) {
    return put_record(*write_, tables_->enrolment_tokens, token.id, encode(token));
}

Result<void> EnrolmentTokenEdits::erase(std::string_view id) {
    EK_CHECK(write_->erase(tables_->enrolment_tokens, id));
    return {};
}

}  // namespace evenkeel::state
