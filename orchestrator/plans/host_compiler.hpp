#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "orchestrator/model/model.hpp"
#include "orchestrator/plans/edited_hosts.hpp"

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
// than the view lives. Peers that are `edited` are found as the edit leaves them.
class HostCompiler {
  public:
    HostCompiler(const state::View& view, const state::SchemaCache& schemas,
                 const model::Model& model, const EditedHosts* edited = nullptr)
        : view_(view), schemas_(schemas), model_(model), edited_(edited) {}

    // Fails only when the store does not read.
    Result<compile::Compiled> compile(const state::Host& host);
    // What the host that was compiled last reported of a collection.
    struct Collection {
        std::shared_ptr<const schema::Schema> schema;  // null where it is not known
        std::uint32_t version = 0;                     // of the schema; 0: not reported
    };
    Collection collection(const std::string& name) const;

  private:
    // A host that others may know, in the form in which filters see it.
    struct Peer {
        std::string environment;
        json::Value value;
    };
    using Found = std::map<std::pair<const compile::PeerRule*, std::string>, json::Value>;

    Result<const json::Value*> peers(const compile::PeerRule& rule, const compile::Host& host);
    Result<void> read_all_peers();
    bool is_secret(const std::string& collection, const std::string& pointer) const;
    std::vector<compile::WrongDescription> check(const wire::Ref& ref,
                                                 const json::Value& description) const;

    const state::View& view_;
    const state::SchemaCache& schemas_;
    const model::Model& model_;
    const EditedHosts* edited_;
    std::optional<std::vector<Peer>> all_peers_;  // by name
    Found found_;
    // Of the host that is compiled.
    std::map<std::string, Collection> collections_;  // none before it has connected
    Result<void> read_ = {};  // the first error of the store that a callback met
};

}  // namespace evenkeel::plans
