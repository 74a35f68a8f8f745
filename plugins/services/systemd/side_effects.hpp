#pragma once

#include <string>

#include <evenkeel/cpp/changes.hpp>

namespace evenkeel::services {

class Manager;
struct Desired;

// Adds to the changes of a service what making them does beyond it: /links, /also_starts and
// /also_stops, which only plans and results have. Throws what will not go: EK_E_CONFLICT for a mask
// over a unit file in /etc or a link in the way, EK_E_UNSUPPORTED for a unit that only enables
// others, naming them. Changes nothing.
void add_side_effects(const Manager& manager, const std::string& unit, const Desired& desired,
                      sdk::Changes& changes);

}  // namespace evenkeel::services
