#pragma once

namespace evenkeel::link {

// The C object inside one of Proton's C++ handles: session limits, the peer's certificate and null
// terminuses exist only there. [proton]
template <typename Handle>
auto raw(const Handle& handle) {
    struct Access : Handle {
        explicit Access(const Handle& of) : Handle(of) {}
        auto get() const { return this->pn_object(); }
    };
    return Access(handle).get();
}

}  // namespace evenkeel::link
