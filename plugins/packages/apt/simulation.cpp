#include "plugins/packages/apt/simulation.hpp"

#include <algorithm>
#include <utility>

#include "plugins/packages/text.hpp"

namespace evenkeel::packages {

Simulation parse_simulation(std::string_view output) {
    Simulation simulation;
    while (!output.empty()) {
        const std::string_view line = output.substr(0, output.find('\n'));
        output.remove_prefix(std::min(line.size() + 1, output.size()));
        if (line.size() < 6 || line[4] != ' ') continue;
        const std::string_view verb = line.substr(0, 4);
        const std::string_view rest = line.substr(5);
        std::string name(rest.substr(0, rest.find(' ')));
        if (verb == "Inst") {
            simulation.installed.push_back(std::move(name));
        } else if (verb == "Remv" || verb == "Purg") {
            simulation.removed.push_back(std::move(name));
        }
    }
    return simulation;
}

std::vector<std::string> parse_held(std::string_view output) {
    std::vector<std::string> held;
    bool in_section = false;
    for (const std::string_view line : lines_of(output)) {
        const bool indented = starts(line, "  ");
        if (in_section && !indented) break;
        if (in_section)
            for (const std::string_view name : words_of(line)) held.emplace_back(name);
        in_section = in_section || line == "The following held packages will be changed:";
    }
    return held;
}

}  // namespace evenkeel::packages
