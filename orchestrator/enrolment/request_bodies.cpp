#include "orchestrator/enrolment/request_bodies.hpp"

#include "orchestrator/api/read_body.hpp"
#include "orchestrator/hosts/names.hpp"

namespace evenkeel::enrolment {
namespace {

struct Uses : json::Whole<1, 100'000> {
    static json::Value schema() { return json::Object{{"type", "integer"}, {"minimum", 1}}; }
};

struct HostName : json::Codec<std::string> {
    static json::MaybeWrong decode(const json::Value& from, std::string& into) {
        if (!from.is_string() || !hosts::is_name(from.as_string())) {
            return json::wrong("is no name for a host");
        }
        into = from.as_string();
        return std::nullopt;
    }
};

}  // namespace

constexpr auto fields_of(json::Of<TokenRequest>) {
    using T = TokenRequest;
    return json::shape(
               json::field_as<api::Text<0, 128>>("name", &T::name).omissible(),
               json::field_as<Uses>("uses", &T::uses)
                   .defaulted()
                   .refused_as("must be a whole number from 1 to 100000"),
               json::field_as<api::Lifetime<365>>("expires_in", &T::lifetime)
                   .defaulted()
                   .refused_as("must be a duration, 1s to 365d: a whole number and one of s, m, h "
                               "and d, such as 12h or 30d"),
               json::field_as<api::UncheckedLabels>("labels", &T::labels).omissible(),
               json::field_as<api::Text<1, 255>>("environment", &T::environment)
                   .omissible()
                   .says("Of the hosts that enrol with it: one that exists"),
               json::field_as<api::Text<1, 128>>("replaces", &T::replaces)
                   .omissible()
                   .says("Id or name of the host whose place the machine takes; such a "
                         "token has one use"))
        .called("EnrolmentTokenPost")
        .nothing_else();
}

constexpr auto fields_of(json::Of<Acceptance>) {
    using T = Acceptance;
    return json::shape(json::field_as<HostName>("name", &T::name).omissible(),
                       json::field_as<api::UncheckedLabels>("labels", &T::labels).omissible())
        .called("EnrolmentAccept")
        .nothing_else();
}

api::ApiResult<TokenRequest> read_token_request(const json::Value& body) {
    const TokenRequest request = EK_API_TRY(api::read_body<TokenRequest>(body));
    if (!request.replaces.empty() && request.uses != 1) {
        api::Findings findings;
        findings.invalid("/uses", "a token that replaces a host has one use");
        return api::refuse(findings.problem());
    }
    return request;
}

api::ApiResult<Acceptance> read_acceptance(const json::Value& body) {
    return api::read_body<Acceptance>(body);
}

json::Object request_schemas() {
    json::Object all;
    api::add_schema<TokenRequest>(all);
    api::add_schema<Acceptance>(all);
    return all;
}

}  // namespace evenkeel::enrolment
