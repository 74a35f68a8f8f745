#include <map>
#include <memory>
#include <utility>

#include "core/base/time.hpp"
#include "orchestrator/api/context.hpp"
#include "orchestrator/api/listing.hpp"
#include "orchestrator/api/representations.hpp"
#include "orchestrator/api/turn.hpp"
#include "orchestrator/api/verdict_peek.hpp"
#include "orchestrator/hosts/fleet_totals.hpp"
#include "orchestrator/state/hosts.hpp"
#include "orchestrator/state/resources.hpp"
#include "orchestrator/state/to_rest.hpp"

// /v1/compliance
namespace evenkeel::api {
namespace {

using http::Code;
using http::Request;

// Hosts of the entries of one request; retired ones count for nothing.
class Hosts {
  public:
    explicit Hosts(const state::View& view) : view_(view) {}

    ApiResult<const state::Host*> active(std::string_view id) {
        const auto found = hosts_.find(id);
        if (found != hosts_.end()) return usable(found->second);
        auto host = EK_API_TRY(view_.hosts().find(id));
        const auto [at, added] = hosts_.emplace(id, std::move(host));
        return usable(at->second);
    }

  private:
    static const state::Host* usable(const std::optional<state::Host>& host) {
        return host && !host->retired() ? &*host : nullptr;
    }
    const state::View& view_;
    std::map<std::string, std::optional<state::Host>, std::less<>> hosts_;
};

void count(state::ComplianceCounts& counts, wire::Verdict verdict) {
    counts += {.compliant = verdict == wire::Verdict::compliant,
               .drifted = verdict == wire::Verdict::drifted,
               .unknown = verdict == wire::Verdict::unknown,
               .failed = verdict == wire::Verdict::failed};
}

struct Selection {
    std::string host_id = {};  // empty = all
    std::string collection = {};
    std::optional<wire::Verdict> status = {};
};

struct ResourceCompliance {
    const state::Host* host = nullptr;
    state::Resource resource;
    state::rest::ComplianceView shown;
};

// The entry's verdict as it holds now; nothing for entries outside the selection.
ApiResult<std::optional<ResourceCompliance>> verdict_of(const Context& context, Hosts& hosts,
                                                        const Selection& selection,
                                                        const state::Entry& entry) {
    const state::Host* host = EK_API_TRY(hosts.active(state::Resources::host_of(entry)));
    if (!host) return std::nullopt;
    ResourceCompliance verdict;
    verdict.host = host;
    verdict.resource = EK_API_TRY(state::Resources::read(entry));
    if (!selection.collection.empty() && verdict.resource.ref.collection != selection.collection) {
        return std::nullopt;
    }
    verdict.shown = compliance_of(context, *host, verdict.resource);
    return verdict;
}

// What entries of one host after the other need to know of it.
class LastHost {
  public:
    // Of the entry's host. `unknown` when it cannot be told, `not_listed` for a retired one.
    ApiResult<PageSource::Peeked> read(const Context& context, const state::View& view,
                                       std::string_view host) {
        if (id_ == host) return found_;
        state::Host asked;
        asked.id = host;
        const std::int64_t now = now_monotonic_ms();
        const auto totals = context.totals.of_host(asked.id, now);
        offline_since_.clear();
        if (totals && totals->is_offline) {
            asked.last_seen = EK_API_TRY(view.hosts().last_seen(host));
            offline_since_ = context.presence.offline_since(asked, now);
        }
        id_ = host;
        found_ = !totals              ? PageSource::Peeked::unknown
                 : !totals->is_active ? PageSource::Peeked::not_listed
                                      : PageSource::Peeked::told;
        return found_;
    }
    const std::string& offline_since() const { return offline_since_; }

  private:
    std::string id_;
    std::string offline_since_;
    PageSource::Peeked found_{};
};

PageSource::Peek peek_verdicts(const Context& context, const state::View& view,
                               const Selection& selection) {
    return [&context, &view, selection, host = LastHost(), peek = VerdictPeek()](
               const state::Entry& entry, const state::FieldNames& names,
               state::FieldValues& values) mutable -> ApiResult<PageSource::Peeked> {
        using enum PageSource::Peeked;
        if (!selection.collection.empty() &&
            state::Resources::collection_of(entry) != selection.collection) {
            return not_listed;
        }
        const std::string_view id = state::Resources::host_of(entry);
        const auto known = EK_API_TRY(host.read(context, view, id));
        if (known != told) return known;
        if (!peek.look_into(entry, host.offline_since(), names, values)) return unknown;
        if (selection.status && peek.status() != wire::to_string(*selection.status)) {
            return not_listed;
        }
        for (std::size_t i = 0; i < names.size(); ++i) {
            if (names[i] == "host") values[i] = id;
        }
        return told;
    };
}

// No counts are kept for a single collection: its entries are counted one by one.
struct CollectionCount {
    state::List list;
    std::string counted = {};  // position of the last one
    state::ComplianceCounts counts = {};

    // Whether all are counted.
    ApiResult<bool> count_on(const Context& context, const state::View& view,
                             const Selection& selection, std::uint64_t deadline_ns) {
        Hosts hosts(view);
        const auto peek = peek_verdicts(context, view, {.collection = selection.collection});
        const state::FieldNames names = {"compliance.status"};
        state::FieldValues values;
        const auto visit = [&](const state::Entry& entry) -> ApiResult<bool> {
            const auto peeked = EK_API_TRY(peek(entry, names, values));
            if (peeked == PageSource::Peeked::not_listed) return true;
            const auto status = peeked == PageSource::Peeked::told && values[0].is_string()
                                    ? find_name<wire::Verdict>(values[0].as_string())
                                    : std::nullopt;
            if (status) {
                count(counts, *status);
                return true;
            }
            const auto verdict = EK_API_TRY(verdict_of(context, hosts, selection, entry));
            if (verdict) count(counts, verdict->shown.now.status);
            return true;
        };
        return walk_until(deadline_ns, view, list, counted, visit);
    }
};

ApiResult<state::ComplianceCounts> count_all(const Context& context, const state::View& view,
                                             const Selection& selection) {
    if (selection.host_id.empty()) return context.totals.resources(now_monotonic_ms());
    const auto host = EK_API_TRY(view.hosts().find(selection.host_id));
    if (!host || host->retired()) return state::ComplianceCounts{};
    return counts_now(context, view, *host);
}

ApiResult<Selection> read_selection(const state::View& view, const Request& request) {
    Selection selection;
    if (const std::string* name = request.parameter("host")) {
        const auto host = EK_API_TRY(view.hosts().resolve(*name));
        if (!host) return refuse(Code::not_found, "there is no host of this id or name");
        if (host->retired()) return refuse(Code::invalid_state, "the host is retired");
        selection.host_id = host->id;
    }
    if (const std::string* collection = request.parameter("collection")) {
        if (!state::is_collection_name(*collection)) {
            return refuse(Code::unknown_collection, "there is no such collection");
        }
        selection.collection = *collection;
    }
    if (const std::string* status = request.parameter("status")) {
        const auto verdict = from_string<wire::Verdict>(status->substr(0, 80));
        if (!verdict) return refuse(Code::invalid_parameter, verdict.error().what);
        selection.status = *verdict;
    }
    return selection;
}

const Fields& compliance_fields() {
    static const Fields kFields = {
        {.name = "host", .is_host = true},
        {.name = "collection"},
        {.name = "id"},
        {.name = "policy", .values = name_list<wire::Policy>()},
        {.name = "origin", .values = name_list<wire::Origin>()},
        {.name = "generation.revision"},
        {.name = "compliance.status", .values = {"compliant", "drifted", "unknown", "failed"}},
        {.name = "compliance.reason"},
        {.name = "compliance.since"},
        {.name = "compliance.seen_by"}};
    return kFields;
}

json::Object show_counts(const state::ComplianceCounts& counts) {
    return {{"counts", state::encode(counts)}};
}

PageSource::More counts_of(const Context& context, const Selection& selection,
                           const state::List& list) {
    if (selection.collection.empty()) {
        return [&context, selection](const state::View& view,
                                     std::uint64_t) -> ApiResult<std::optional<json::Object>> {
            return show_counts(EK_API_TRY(count_all(context, view, selection)));
        };
    }
    return [&context, selection, count = CollectionCount{list}](
               const state::View& view,
               std::uint64_t deadline_ns) mutable -> ApiResult<std::optional<json::Object>> {
        const bool is_all = EK_API_TRY(count.count_on(context, view, selection, deadline_ns));
        if (!is_all) return std::nullopt;
        return show_counts(count.counts);
    };
}

PageSource::Make verdicts_at(const Context& context, const state::View& view,
                             const Selection& selection) {
    return [&context, hosts = std::make_shared<Hosts>(view),
            selection](const state::Entry& entry) -> ApiResult<std::optional<json::Value>> {
        const auto verdict = EK_API_TRY(verdict_of(context, *hosts, selection, entry));
        if (!verdict) return std::nullopt;
        if (selection.status && verdict->shown.now.status != *selection.status) {
            return std::nullopt;
        }
        return state::show_verdict(verdict->host->id, verdict->resource, verdict->shown);
    };
}

ApiResult<Listing> list_compliance(const Context& context, const state::View& view,
                                   const Request& request) {
    const Selection selection = EK_API_TRY(read_selection(view, request));
    const state::List list = selection.host_id.empty() ? view.resources().list()
                                                       : view.resources().list(selection.host_id);
    return Listing{
        .list = list,
        .make_for = [&context, selection](
                        const state::View& now) { return verdicts_at(context, now, selection); },
        .identity = identity_of_resource,
        .touch =
            [id = selection.host_id](const state::StoredEvent& event, const json::Value& data,
                                     Touched& touched) {
                if (id.empty() || event.host == id) touch_resources(event, data, touched);
            },
        .more = [&context, selection, list] { return counts_of(context, selection, list); },
        .peek_for = [&context, selection](
                        const state::View& now) { return peek_verdicts(context, now, selection); }};
}

}  // namespace

void add_compliance(std::vector<http::Route>& routes, Context& context) {
    routes.push_back(
        {.method = "GET",
         .path = "/v1/compliance",
         .permission = "compliance.read",
         .tag = "compliance",
         .summary = "Verdicts across hosts, with counts over all that host and collection select",
         .query = list_parameters(
             compliance_fields(),
             {{.name = "host", .description = "Id or name of a host."},
              {.name = "collection", .description = "Only this collection."},
              {.name = "status",
               .description = "Only items with this verdict; the counts stay.",
               .schema = json::Object{{"type", "string"},
                                      {"enum", json::Array{"compliant", "drifted", "unknown",
                                                           "failed"}}}}}),
         .headers = {"Last-Event-ID"},
         .answers = list_answers("A page of verdicts.", "ComplianceList"),
         .handler = listing(context, compliance_fields(),
                            [&](const auto& view, const auto& request) {
                                return list_compliance(context, view, request);
                            }),
         .produces = list_media_types(),
         .events = list_events("Verdict", "ResourceIdentity")});
}

}  // namespace evenkeel::api
