#include "orchestrator/commands/mirrors.hpp"

#include <set>
#include <string>
#include <utility>

#include "core/wire/mirrors.hpp"
#include "orchestrator/state/bodies.hpp"
#include "orchestrator/state/collections.hpp"
#include "orchestrator/state/edit.hpp"
#include "orchestrator/state/mirrored_names.hpp"
#include "orchestrator/state/resources.hpp"

namespace evenkeel::commands {
namespace {

using wire::MirroredList;
using wire::MirroredResource;
using wire::Ref;

std::vector<wire::Mirror> mirrors_of(const schema::Schema* schema) {
    return schema ? wire::mirrors_of(schema->document()) : std::vector<wire::Mirror>();
}

MirroredResource resource_of(const DescriptionRequest& request, std::string at = "") {
    return {request.ref, request.policy,
            wire::mirrored_lists(mirrors_of(request.schema.get()), request.description),
            std::move(at)};
}

// The other end of a mirror, seen from there. The lists that are described there need no schema:
// they are those that mirror ours.
wire::Mirror reversed(const wire::Mirror& mirror, const std::string& collection) {
    return {mirror.other_field, collection, mirror.field};
}

class Finder {
  public:
    Finder(const state::View& view, const secrets::Protector& protector, const std::string& host,
           std::set<Ref> request)
        : view_(view), protector_(protector), host_(host), request_(std::move(request)) {}

    Result<void> check(const MirroredResource& resource) {
        for (const MirroredList& list : resource.lists) {
            for (const std::string& name : list.names) {
                const Ref named{list.mirror.collection, name};
                if (EK_TRY(view_.mirrored_names().names(host_, named, resource.ref))) continue;
                EK_CHECK(compare(resource, list, named));
            }
            EK_CHECK(check_naming(resource, list));
        }
        return {};
    }

  private:
    // Those that name the resource, and that it does not name.
    Result<void> check_naming(const MirroredResource& resource, const MirroredList& list) {
        Result<void> compared;
        EK_CHECK(view_.mirrored_names().each_naming(host_, resource.ref, [&](const Ref& naming) {
            const bool is_known =
                naming.collection != list.mirror.collection || list.names.contains(naming.id);
            if (!is_known) compared = compare(resource, list, naming);
            return compared.has_value();
        }));
        return compared;
    }

    Result<void> compare(const MirroredResource& resource, const MirroredList& list,
                         const Ref& other) {
        if (request_.contains(other)) return {};
        const auto found = EK_TRY(view_.resources().find(host_, other));
        if (!found || found->removing || found->policy != wire::Policy::enforce) return {};
        const auto body = view_.bodies().get(found->body);
        if (!body) return {};
        const auto description =
            protector_.open({host_, other.collection, other.id}, body->description);
        if (!description) return {};
        const std::string words = wire::contradicts_stored(
            resource, {other, wire::mirrored_lists({reversed(list.mirror, resource.ref.collection)},
                                                   *description)});
        if (!words.empty()) return fail(Errc::conflict, words);
        return {};
    }

    const state::View& view_;
    const secrets::Protector& protector_;
    const std::string& host_;
    const std::set<Ref> request_;
};

}  // namespace

std::vector<wire::WrongField> find_contradictions(const std::vector<DescriptionRequest>& requests,
                                                  const std::string& at) {
    std::vector<MirroredResource> resources;
    for (std::size_t i = 0; i < requests.size(); ++i)
        resources.push_back(resource_of(requests[i], at + std::to_string(i)));
    return wire::find_contradictions(resources);
}

Result<void> refuse_contradictions(const state::View& view, const secrets::Protector& protector,
                                   const std::string& host,
                                   const std::vector<DescriptionRequest>& requests) {
    std::set<Ref> refs;
    for (const DescriptionRequest& request : requests) refs.insert(request.ref);
    Finder finder(view, protector, host, std::move(refs));
    for (const DescriptionRequest& request : requests) {
        if (request.policy != wire::Policy::enforce) continue;
        EK_CHECK(finder.check(resource_of(request)));
    }
    return {};
}

Result<void> keep_names(state::Edit& edit, const std::string& host, const Ref& ref,
                        const schema::Schema* schema, const json::Value& description) {
    const auto mirrors = mirrors_of(schema);
    if (mirrors.empty()) return {};
    std::set<Ref> named;
    for (const MirroredList& list : wire::mirrored_lists(mirrors, description))
        for (const std::string& name : list.names) named.insert({list.mirror.collection, name});
    return edit.mirrored_names().put(host, ref, {named.begin(), named.end()});
}

}  // namespace evenkeel::commands
