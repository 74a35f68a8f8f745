#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "orchestrator/api/context.hpp"
#include "orchestrator/api/page_work.hpp"
#include "orchestrator/api/shown_items.hpp"
#include "orchestrator/state/event.hpp"

// What a list contains; independent of its delivery: pages, the next change, a stream of changes.
namespace evenkeel::api {

// Entries that may have changed: their positions, each with its identity as clients see it, and
// prefixes of positions, each of which means all positions that begin with it.
struct Touched {
    std::map<std::string, Identity> positions;
    std::set<std::string> beginnings;
};

struct Listing {
    state::List list;
    // How an entry is shown at one moment. Keeps nothing of the request.
    std::function<PageSource::Make(const state::View&)> make_for;
    // What identifies an entry: {"id"}, or {"host","collection","id"}.
    std::function<json::Object(const state::Entry& entry)> identity = {};
    // Adds the entries that an event may have changed, by its host and data; too many are allowed,
    // too few are not. Absent: no events report changes of this list; it cannot be watched.
    std::function<void(const state::StoredEvent&, const json::Value& data, Touched&)> touch = {};
    // Makes what reads the further members of one page.
    std::function<PageSource::More()> more = {};
    // See PageSource.
    std::function<PageSource::Peek(const state::View&)> peek_for = {};
    // Lists of one name show the same entries alike. listing() sets it.
    std::string name = {};
};
using MakeListing = std::function<ApiResult<Listing>(const state::View&, const http::Request&)>;

// The handler of a list's route: pages; with `since` and `wait` the page once something in the list
// has changed, or 304; with `watch` a stream of changes.
http::Handler listing(Context& context, const Fields& fields, MakeListing make);
// For a route with that handler: page_parameters and, where the list can be watched, the rest.
std::vector<http::QueryParameter> list_parameters(const Fields& fields,
                                                  std::vector<http::QueryParameter> more = {});
std::vector<http::Answer> list_answers(std::string description, std::string schema);
// The media types of such a route.
std::vector<std::string> list_media_types();
// The events of a watch of it: the schema components of an item, and of its identity.
std::vector<std::pair<std::string, std::string>> list_events(const std::string& item,
                                                             const std::string& identity);

// For lists of resources: those that the event is about.
void touch_resources(const state::StoredEvent& event, const json::Value& data, Touched& touched);
json::Object identity_of_resource(const state::Entry& entry);

}  // namespace evenkeel::api
