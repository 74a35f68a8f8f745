#include "sdk/client/cli/watch.hpp"

namespace evenkeel::cli {
namespace {

// The events of the list as rows of one table.
Table table_of(const WatchedList& list, const std::vector<client::ListChange>& changes) {
    Table table{{{"EVENT   ", Column::Room::kept}}, {}};  // as wide as the longest of them
    table.header.insert(table.header.end(), list.header.begin(), list.header.end());
    for (const client::ListChange& change : changes) {
        const auto item = json::parse(change.json, {.bytes = 64 << 20});
        std::vector<std::string> row{change.event};
        for (std::string& cell : list.row(item ? *item : json::Value())) {
            row.push_back(std::move(cell));
        }
        table.rows.push_back(std::move(row));
    }
    return table;
}

}  // namespace

Exit watch(Session& session, const WatchedList& list) {
    const auto client = session.open();
    if (!client) return session.fail(client.error());
    const Output& output = session.output();
    // Reads the names, see there.
    if (!output.is_data() || output.is_name()) session.host_name("");
    client::Request request{.path = list.path, .query = list.more};
    request.query.emplace_back("filter", list.query.filter);

    RunningTable table(output.look());
    std::size_t spared = list.most;
    const auto on_changes = [&](std::vector<client::ListChange> changes) {
        const std::size_t most = std::exchange(spared, 0);
        if (most > 0 && changes.size() > most) {
            changes.erase(changes.begin(), changes.end() - static_cast<std::ptrdiff_t>(most));
        }
        if (!output.is_data()) {
            output.text(table.show(table_of(list, changes)));
        } else if (output.is_name() && list.name) {
            for (const client::ListChange& change : changes) {
                const auto item = json::parse(change.json, {.bytes = 64 << 20});
                output.name_line(list.name(item ? *item : json::Value()));
            }
        } else {
            for (const client::ListChange& change : changes) {
                output.data_line("{\"event\":\"" + change.event + "\",\"item\":" + change.json +
                                 "}");
            }
        }
        return output.flush();
    };
    const auto done = (*client)->watch(request, on_changes, [](const client::Failure& failure) {
        Output::message("connection lost (" + failure.detail + "); resuming");
    });
    if (done) return Exit::done;
    if (done.error().kind == client::Kind::cancelled) return Exit::interrupted;
    return session.fail(done.error());
}

}  // namespace evenkeel::cli
