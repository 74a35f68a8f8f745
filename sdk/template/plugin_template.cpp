// A whole plugin to copy: the collection `notes`, kept in memory. Replace the map by the thing that
// your collection is about. What each function owes its caller stands in evenkeel/plugin.h.
#include <map>
#include <string>
#include <string_view>

#include <evenkeel/json.hpp>
#include <evenkeel/plugin.hpp>

#include "notes_embedded.hpp"

namespace {

namespace sdk = evenkeel::sdk;
namespace json = evenkeel::sdk::json;

class Notes {
  public:
    static constexpr std::string_view kName = "notes";
    static constexpr std::string_view kSchema = kSchemaText;
    // apply and remove report what they would do when call.dry_run() says so; Changes sees to it.
    static constexpr bool kPlans = true;

    Notes(const sdk::Host&, const sdk::Call&, std::string_view) {}

    void list(const sdk::Call& call, std::string_view filter) {
        if (!filter.empty()) {
            const json::Document wanted = json::parse_object(filter);
            for (const std::string& id : json::texts_of(*json::find(wanted, "ids"))) tell(call, id);
            return;
        }
        for (const auto& [id, text] : notes_) {
            call.check();
            tell(call, id);
        }
    }

    void read(const sdk::Call& call, std::string_view ids) {
        bool found = false;
        const auto wanted = json::texts_of(json::parse(ids));
        for (std::size_t at = 0; at < wanted.size(); ++at) {
            const auto note = notes_.find(wanted[at]);
            if (note == notes_.end()) continue;
            // A state that the host knows already, by its stamp, is not sent again.
            const std::string state = state_of(note->second);
            call.item(at, wanted[at], state, stamp_('s', state));
            found = true;
        }
        if (!found) throw sdk::Failure(EK_E_NOT_FOUND, "there is no such note");
    }

    // First find out what differs, then do it: the same lines plan and apply.
    void apply(const sdk::Call& call, std::string_view id, std::string_view desired) {
        const json::Document wanted = json::parse_object(desired);
        const auto text = json::text_of(wanted, "text");
        const auto note = notes_.find(std::string(id));
        const bool there = note != notes_.end();

        sdk::Changes changes;
        if (!there) changes.field("/ensure", "\"absent\"", "\"present\"", 0, EK_ACT_ADD);
        if (text)
            changes.field("/text", there ? std::optional(sdk::quote(note->second)) : std::nullopt,
                          sdk::quote(*text));
        changes.carry_out(call, [&] {
            std::string& kept = notes_[std::string(id)];
            if (text) kept = *text;  // what is not described stays as it is
        });
        if (!call.dry_run()) call.state(state_of(notes_[std::string(id)]));
    }

    void remove(const sdk::Call& call, std::string_view id) {
        sdk::Changes changes;
        if (notes_.count(std::string(id)) != 0)
            changes.field("/ensure", "\"present\"", "\"absent\"", 0, EK_ACT_REMOVE);
        changes.carry_out(call, [&] { notes_.erase(std::string(id)); });
    }

  private:
    static std::string state_of(const std::string& text) {
        return sdk::Object().text("text", text).json();
    }
    void tell(const sdk::Call& call, const std::string& id) const {
        const auto note = notes_.find(id);
        if (note != notes_.end()) call.item(id, state_of(note->second));
    }

    std::map<std::string, std::string> notes_;
    sdk::Stamper stamp_;
};

}  // namespace

EVENKEEL_MODULE("org.example.notes", "0.1.0", kManifest, Notes)
