#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "orchestrator/plans/difference.hpp"
#include "orchestrator/plans/edited_hosts.hpp"
#include "orchestrator/state/resource.hpp"

namespace evenkeel::model {
class Model;
}
namespace evenkeel::secrets {
class Protector;
}
namespace evenkeel::state {
class View;
struct Host;
}  // namespace evenkeel::state

namespace evenkeel::plans {

class HostCompiler;

// What one host has, held against what it shall have. Lives no longer than what it was made of.
class HostComparison {
  public:
    const HostDifference& difference() const { return difference_; }
    HostDifference take() { return std::move(difference_); }
    // All that it shall have, by collection and id; empty with errors.
    const std::vector<wire::Ref>& wanted() const { return wanted_; }
    // What it has; null where it has none.
    const state::Resource* find(const wire::Ref& ref) const;
    // [{"path","before","after"}…], for people: what is secret before or after is redacted in both.
    json::Array fields_of(const ResourceDifference& each) const;

  private:
    friend Result<HostComparison> compare(HostCompiler& compiler, const state::View& view,
                                          const secrets::Protector& protector,
                                          const model::Model& model, const state::Host& host,
                                          const std::vector<ResourceEdit>& edits);
    HostComparison(const HostCompiler& compiler, const state::View& view,
                   const secrets::Protector& protector, std::string host)
        : compiler_(compiler), view_(view), protector_(protector), host_(std::move(host)) {}

    Result<void> read();
    std::vector<DescribedResource> described() const;
    // What the edits do by themselves.
    HostDifference of_edits(const std::vector<ResourceEdit>& edits,
                            const DifferenceSources& sources) const;
    bool is_same(const wire::Ref& ref, const json::Value& wanted) const;
    std::optional<json::Value> stored(const wire::Ref& ref) const;  // sealed
    std::optional<json::Value> open(const wire::Ref& ref) const;

    const HostCompiler& compiler_;
    const state::View& view_;
    const secrets::Protector& protector_;
    std::string host_;
    std::map<wire::Ref, state::Resource> resources_;
    std::vector<wire::Ref> wanted_;
    HostDifference difference_;
};

// With `edits` the difference has what they do and what follows from that. O(resources of the
// host); descriptions are opened only where they differ.
Result<HostComparison> compare(HostCompiler& compiler, const state::View& view,
                               const secrets::Protector& protector, const model::Model& model,
                               const state::Host& host,
                               const std::vector<ResourceEdit>& edits = {});

}  // namespace evenkeel::plans
