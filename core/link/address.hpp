#pragma once

#include <string>

#include <proton/link.h>
#include <proton/terminus.h>

#include "core/link/raw.hpp"

namespace evenkeel::link {

// The addresses in our end of a link; empty when there is none. [proton]
template <typename Link>
std::string source_of(const Link& link) {
    const char* address = pn_terminus_get_address(pn_link_source(raw(link)));
    return address == nullptr ? "" : address;
}
template <typename Link>
std::string target_of(const Link& link) {
    const char* address = pn_terminus_get_address(pn_link_target(raw(link)));
    return address == nullptr ? "" : address;
}

}  // namespace evenkeel::link
