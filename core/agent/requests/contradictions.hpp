#pragma once

#include <vector>

#include "core/wire/relations.hpp"

namespace evenkeel::agent {

struct HostView;

// Adds what core/wire/mirrors.hpp finds in a FILE: two of its resources that contradict each other,
// and an enforced one that contradicts one which is enforced here already. An unreadable
// description contradicts nothing. [loop]
void add_contradictions(const std::vector<wire::ResourceRequest>& request, const HostView& host,
                        std::vector<wire::WrongField>& wrong);

}  // namespace evenkeel::agent
