#include "orchestrator/plans/edited_hosts.hpp"

#include <algorithm>
#include <set>
#include <utility>

#include "core/wire/relations.hpp"
#include "orchestrator/state/edit.hpp"
#include "orchestrator/state/hosts.hpp"
#include "orchestrator/state/resources.hpp"

namespace evenkeel::plans {
namespace {

using commands::Authority;
using Kind = ResourceEdit::Kind;

class Reading {
  public:
    Reading(const state::View& view, std::size_t first, std::vector<model::WrongChange>& wrong)
        : view_(view), number_(first), wrong_(wrong) {}

    Result<void> add(const HostEdit& edit, const model::Model& after) {
        EditedHost* one = EK_TRY(find(edit.host));
        if (one && !patched_.insert(edit.host).second) {
            add_wrong("", "invalid", "there are two changes of host " + one->before.name);
        } else if (one) {
            one->after = hosts::patched(std::move(one->after), edit.patch);
            if (edit.retires) one->after.enrolment = state::EnrolmentState::retired;
            if (!after.environment(one->after.environment)) {
                add_wrong("/environment", "invalid", "there is no such environment");
            }
        }
        ++number_;
        return {};
    }

    Result<void> add(const ResourceEdit& edit) {
        EditedHost* one = EK_TRY(find(edit.host));
        if (one && !described_.emplace(edit.host, edit.request.ref).second) {
            add_wrong("", "invalid", "there are two changes of " + wire::text_of(edit.request.ref));
        } else if (one && one->after.retired()) {
            add_wrong("", "invalid", "the host is retired by another change");
        } else if (one) {
            one->resources.push_back(edit);
        }
        ++number_;
        return {};
    }

    EditedHosts take() { return std::move(all_); }

  private:
    // Null when it is not there, which is noted.
    Result<EditedHost*> find(const std::string& id) {
        const auto known = all_.find(id);
        if (known != all_.end()) return &known->second;
        const auto host = EK_TRY(view_.hosts().find(id));
        if (!host || host->retired()) {
            add_wrong("", "not-found", "the host is not there any more");
            return nullptr;
        }
        return &all_.emplace(id, EditedHost{*host, *host}).first->second;
    }

    void add_wrong(std::string pointer, std::string code, std::string detail) {
        wrong_.push_back({number_, std::move(pointer), std::move(code), std::move(detail)});
    }

    const state::View& view_;
    std::size_t number_;
    std::vector<model::WrongChange>& wrong_;
    EditedHosts all_;
    std::set<std::string> patched_;
    std::set<std::pair<std::string, wire::Ref>> described_;
};

// Together, because they may require each other.
Result<std::vector<std::string>> describe(state::Edit& edit, const secrets::Protector& protector,
                                          const std::vector<ResourceEdit>& resources,
                                          const commands::Requester& requester) {
    std::vector<commands::DescriptionRequest> requests;
    for (const ResourceEdit& one : resources) {
        const bool is_meant = one.kind == Kind::describe && one.host == requester.host &&
                              one.authority == requester.authority;
        if (is_meant) requests.push_back(one.request);
    }
    return commands::describe_in_parts(edit, protector, requester, requests);
}

Result<state::Command> drop(state::Edit& edit, const secrets::Protector& protector,
                            const commands::Requester& requester, const ResourceEdit& one) {
    if (one.kind == Kind::remove)
        return commands::remove(edit, protector, requester, one.request.ref);
    return commands::forget(edit, requester, one.request.ref);
}

// Those of one host that are dropped, each before what it requires.
Result<std::vector<const ResourceEdit*>> in_order_of_dropping(
    const state::View& view, const std::vector<ResourceEdit>& resources, const std::string& host) {
    std::vector<const ResourceEdit*> drops;
    std::vector<wire::RelatedResource> related;
    for (auto one = resources.rbegin(); one != resources.rend(); ++one) {
        if (one->host != host || one->kind == Kind::describe) continue;
        const auto there = EK_TRY(view.resources().find(host, one->request.ref));
        drops.push_back(&*one);
        related.push_back({one->request.ref, there ? there->relations : wire::Relations{}, ""});
    }
    std::vector<const ResourceEdit*> ordered;
    for (const std::size_t at : EK_TRY(wire::in_order(related))) ordered.push_back(drops[at]);
    std::reverse(ordered.begin(), ordered.end());
    return ordered;
}

}  // namespace

const state::Host& as_left(const EditedHosts& edited, const state::Host& host) {
    const auto found = edited.find(host.id);
    return found == edited.end() ? host : found->second.after;
}

Result<EditedHosts> read_edited(const state::View& view, const std::vector<HostEdit>& hosts,
                                const std::vector<ResourceEdit>& resources,
                                const model::Model& after, std::size_t first,
                                std::vector<model::WrongChange>& wrong) {
    Reading reading(view, first, wrong);
    for (const HostEdit& edit : hosts) EK_CHECK(reading.add(edit, after));
    for (const ResourceEdit& edit : resources) EK_CHECK(reading.add(edit));
    return reading.take();
}

Result<bool> has_hosts_in(const state::View& view, const std::vector<HostEdit>& hosts,
                          std::string_view environment) {
    std::set<std::string_view> leaving;
    for (const HostEdit& edit : hosts) {
        if (!edit.patch.environment && !edit.retires) continue;
        if (edit.patch.environment && *edit.patch.environment == environment) return true;
        leaving.insert(edit.host);
    }
    if (leaving.empty()) return view.hosts().has_hosts_in(environment);
    bool has_one = false;
    EK_CHECK(view.hosts().each_in(environment, [&](const state::Host& host) {
        has_one = host.environment == environment && !leaving.contains(host.id);
        return !has_one;
    }));
    return has_one;
}

Result<state::CommandsOfHosts> change_hosts(state::Edit& edit, const secrets::Protector& protector,
                                            const std::vector<HostEdit>& hosts,
                                            const std::vector<ResourceEdit>& resources,
                                            const std::string& request_id) {
    for (const HostEdit& one : hosts) {
        EK_CHECK(one.retires ? hosts::retire(edit, one.host)
                             : hosts::change(edit, one.host, one.patch));
    }
    state::CommandsOfHosts made;
    const auto add = [&made](const state::Command& command) {
        // The end of an override is done already.
        if (!state::finished(command.state)) made[command.host].push_back(command.id);
    };
    const auto requester_of = [&request_id](const ResourceEdit& one) {
        return commands::Requester{.host = one.host,
                                   .request_id = request_id,
                                   .authority = one.authority,
                                   .is_approved = true};
    };
    std::set<std::pair<std::string, Authority>> described;
    std::set<std::string> dropped;
    for (const ResourceEdit& one : resources) {
        if (one.kind == Kind::describe) {
            if (!described.emplace(one.host, one.authority).second) continue;
            auto ids = EK_TRY(describe(edit, protector, resources, requester_of(one)));
            auto& all = made[one.host];
            all.insert(all.end(), ids.begin(), ids.end());
        } else if (dropped.insert(one.host).second) {
            for (const ResourceEdit* each : EK_TRY(in_order_of_dropping(edit, resources, one.host)))
                add(EK_TRY(drop(edit, protector, requester_of(*each), *each)));
        }
    }
    return made;
}

}  // namespace evenkeel::plans
