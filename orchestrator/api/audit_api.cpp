#include <utility>

#include "core/base/text.hpp"
#include "core/base/time.hpp"
#include "orchestrator/api/context.hpp"
#include "orchestrator/api/page_queue.hpp"
#include "orchestrator/state/audit_trail.hpp"
#include "orchestrator/state/to_rest.hpp"

// /v1/audit
namespace evenkeel::api {
namespace {

using http::Code;
using http::Request;

struct Filter {
    std::string since;
    std::string until;
    std::optional<std::string> object;

    bool matches(const json::Value& record) const {
        const std::string time = record.string_or("time");
        return (since.empty() || time >= since) && (until.empty() || time < until) &&
               (!object || record.string_or("object").starts_with(*object));
    }
};

// As records spell it, so that times compare as text.
ApiResult<std::string> read_time(const Request& request, std::string_view name) {
    const std::string* text = request.parameter(name);
    if (!text) return std::string();
    const auto time = from_rfc3339(*text);
    if (!time) {
        return refuse(Code::invalid_parameter,
                      std::string(name) + " is a time like 2026-11-23T05:36:53Z");
    }
    return to_rfc3339(*time);
}

const Fields& audit_fields() {
    static const Fields kFields = {{"actor.id"},   {"actor.name"},
                                   {"actor.role"}, {"address"},
                                   {"method"},     {"route"},
                                   {"request_id"}, {"outcome", name_list<state::AuditOutcome>()}};
    return kFields;
}

ApiResult<std::optional<json::Value>> show_entry(const Filter& filter, const state::Entry& entry) {
    // Shown as it is stored, whatever that is: the reader checks it.
    const auto record = state::AuditTrail::read(entry);
    if (!record) {
        const std::string_view text = state::AuditTrail::text_of(entry);
        return json::Value(json::Object{{"damaged", printable(text)}});
    }
    if (!filter.matches(*record)) return std::nullopt;
    return *record;
}

ApiResult<PageSource> list_audit(const state::View& view, const Request& request) {
    Filter filter{.since = EK_API_TRY(read_time(request, "since")),
                  .until = EK_API_TRY(read_time(request, "until")),
                  .object = std::nullopt};
    if (const std::string* object = request.parameter("object")) filter.object = *object;
    const std::string* order = request.parameter("order");
    if (order && *order != "oldest" && *order != "newest") {
        return refuse(Code::invalid_parameter, "order is newest or oldest");
    }
    const bool oldest = order && *order == "oldest";
    json::Object ends{{"head", state::show(EK_API_TRY(view.audit_trail().head()))},
                      {"anchor", state::show(EK_API_TRY(view.audit_trail().anchor()))}};
    return PageSource{
        .list = oldest ? view.audit_trail().list() : view.audit_trail().list().reversed(),
        .make_for = [filter](const state::View&) -> PageSource::Make {
            return [filter](const state::Entry& entry) { return show_entry(filter, entry); };
        },
        .more = [ends](const state::View&, std::uint64_t) { return ends; }};
}

}  // namespace

void add_audit(std::vector<http::Route>& routes, Context& context) {
    routes.push_back(
        {.method = "GET",
         .path = "/v1/audit",
         .permission = "audit.read",
         .tag = "access",
         .summary = "Who has changed what, and who was denied what",
         .query = page_parameters(
             audit_fields(),
             {{.name = "order", .description = "newest (the first, when absent) or oldest."},
              {.name = "since", .description = "Only from this time on."},
              {.name = "until", .description = "Only before this time."},
              {.name = "object", .description = "Only objects that begin with this."}}),
         .answers = {{200,
                      "A page of records, with the ends of the chain.",
                      "AuditList",
                      {"Link", "X-Revision"}}},
         .handler = pages_of(context, audit_fields(), list_audit)});
}

}  // namespace evenkeel::api
