// The installed headers pull in nothing but the standard library: what a program sees of this
// library must not bind it to ours.
#include "sdk/client/cpp/context.hpp"

#if defined(CURLINC_CURL_H) || defined(RAPIDJSON_RAPIDJSON_H_) || defined(EK_TRY) || \
    defined(TL_EXPECTED_HPP)
#error "a public header of the client library includes more than standard headers"
#endif
