// The collection `nft_sets`: named sets of nftables, whose events come from the kernel.
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <evenkeel/json.hpp>
#include <evenkeel/plugin.hpp>

#include "nft_sets_embedded.hpp"
#include "nftables.hpp"
#include "set.hpp"
#include "watch.hpp"

namespace nft_sets {

class NftSets {
  public:
    static constexpr std::string_view kName = "nft_sets";
    static constexpr std::string_view kSchema = kSchemaText;
    static constexpr bool kPlans = true;

    NftSets(const sdk::Host&, const sdk::Call&, std::string_view) {}

    void list(const sdk::Call& call, std::string_view filter) {
        if (!filter.empty()) {
            const json::Document document = json::parse_object(filter);
            if (const json::Value* ids = json::find(document, "ids")) {
                send_each(call, json::texts_of(*ids));
                return;
            }
        }
        call.check();
        for (const Found& found : nftables_.sets()) send(call, 0, found);
    }

    void read(const sdk::Call& call, std::string_view ids) {
        if (send_each(call, json::texts_of(json::parse(ids))) == 0)
            throw sdk::Failure(EK_E_NOT_FOUND, "there is no such set");
    }

    void apply(const sdk::Call& call, std::string_view id, std::string_view description) {
        call.check();
        const SetName name = require_name(id);
        const Description wanted = description_of(json::parse_object(description));
        const auto now = find_served(name);
        if (!now && !nftables_.has_table(name))
            throw sdk::Failure(EK_E_NOT_FOUND,
                               "there is no table " + name.family + " " + name.table)
                .hint("a set is made in the table of the rules that use it: load these first");
        const Set* is = now ? &now->set : nullptr;
        const Set outcome = outcome_of(is, wanted);
        difference(is, wanted).carry_out(call, [&] {
            nftables_.write(name, outcome, now ? &*now : nullptr);
        });
        if (call.dry_run()) return;
        if (const auto after = nftables_.find(name)) call.state(state_of(after->set));
    }

    void remove(const sdk::Call& call, std::string_view id) {
        call.check();
        const SetName name = require_name(id);
        sdk::Changes changes;
        if (find_served(name))
            changes.field("/ensure", "\"present\"", "\"absent\"", 0, EK_ACT_REMOVE);
        changes.carry_out(call, [&] { nftables_.remove(name); });
    }

    void compare(const sdk::Call& call, std::string_view desired, std::string_view actual) {
        const Description wanted = description_of(json::parse_object(desired));
        const Description is = description_of(json::parse_object(actual));
        const Set now{is.type, is.interval, is.elements.value_or(std::vector<Range>())};
        difference(&now, wanted).report(call, 0);
    }

    class Watch : public SetWatch {
      public:
        Watch(NftSets&, const sdk::Call&, const sdk::WatchHost& host) : SetWatch(host) {}
    };

  private:
    static SetName require_name(std::string_view id) {
        auto name = set_named(id);
        if (!name) throw sdk::Failure(EK_E_INVALID, "this is no family/table/set");
        return std::move(*name);
    }

    static sdk::Failure why_not(const Found& found) {
        return {EK_E_UNSUPPORTED, "this set is not for a description: " + found.problem};
    }

    // Throws where a set is there that cannot be described: it is somebody else's.
    std::optional<Found> find_served(const SetName& name) {
        auto found = nftables_.find(name);
        if (found && !found->problem.empty()) throw why_not(*found);
        return found;
    }

    void send(const sdk::Call& call, std::size_t index, const Found& found) const {
        if (!found.problem.empty()) {
            call.unreadable(found.name.id(), why_not(found));
            return;
        }
        const std::string state = state_of(found.set);
        call.item(index, found.name.id(), state, stamp_('s', state));
    }

    // Those that are there, and how many.
    std::size_t send_each(const sdk::Call& call, const std::vector<std::string>& ids) {
        std::size_t count = 0;
        for (std::size_t at = 0; at < ids.size(); ++at) {
            call.check();
            const auto name = set_named(ids[at]);
            const auto found = name ? nftables_.find(*name) : std::nullopt;
            if (!found) continue;
            send(call, at, *found);
            ++count;
        }
        return count;
    }

    Nftables nftables_;
    sdk::Stamper stamp_;
};

}  // namespace nft_sets

EVENKEEL_MODULE("org.evenkeel.nft_sets", "0.1.0", kManifest, nft_sets::NftSets)
