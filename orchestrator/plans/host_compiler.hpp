#pragma once

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "orchestrator/compile/key_use.hpp"
#include "orchestrator/model/model.hpp"
#include "orchestrator/plans/peers.hpp"

namespace evenkeel::schema {
class Schema;
}
namespace evenkeel::state {
class SchemaCache;
class View;
struct Host;
}  // namespace evenkeel::state

namespace evenkeel::plans {

// What compiling sees of a host.
compile::Host compiled_host(const state::Host& host);

// Compiles hosts as one view of the state has them, one after the other: what they share, such as
// the hosts that a rule about peers finds, is read once. Use it on any one thread, for no longer
// than the view lives.
class HostCompiler {
  public:
    // The peers may have been found before.
    HostCompiler(const state::View& view, const state::SchemaCache& schemas,
                 const model::Model& model, std::shared_ptr<Peers> peers)
        : view_(view), schemas_(schemas), model_(model), peers_(std::move(peers)) {}

    // Fails only when the store does not read.
    Result<compile::Compiled> compile(const state::Host& host);
    // See compile::refs_of().
    Result<std::vector<wire::Ref>> refs_of(const compile::Host& host,
                                           const compile::Assigned& assigned,
                                           const std::vector<compile::RuleUse>& rules);
    // What the host that was compiled last reported of a collection.
    struct Collection {
        std::shared_ptr<const schema::Schema> schema;  // null where it is not known
        std::uint32_t version = 0;                     // of the schema; 0: not reported
    };
    Collection collection(const std::string& name) const;

  private:
    compile::Sources sources();
    bool is_secret(const std::string& collection, const std::string& pointer) const;
    std::vector<compile::WrongDescription> check(const wire::Ref& ref,
                                                 const json::Value& description) const;

    const state::View& view_;
    const state::SchemaCache& schemas_;
    const model::Model& model_;
    std::shared_ptr<Peers> peers_;
    // Of the host that is compiled.
    std::map<std::string, Collection> collections_;  // none before it has connected
    Result<void> read_ = {};  // the first error of the store that a callback met
};

}  // namespace evenkeel::plans
