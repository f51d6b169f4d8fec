#include "integration/base/digest.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <array>
#include <stdexcept>

namespace usher
{

namespace
{

struct Digest {
    std::array<unsigned char, EVP_MAX_MD_SIZE> bytes;
    unsigned size = 0;
};

std::string hexadecimal(const Digest& digest)
{
    constexpr std::string_view kDigits = "0123456789abcdef";
    std::string text;
    for (unsigned i = 0; i < digest.size; ++i) {
        text.push_back(kDigits[digest.bytes[i] >> 4U]);
        text.push_back(kDigits[digest.bytes[i] & 0xfU]);
    }
    return text;
}

}  // namespace

std::string sha256(std::string_view text)
{
    Digest digest;
    if (EVP_Digest(text.data(), text.size(), digest.bytes.data(), &digest.size, EVP_sha256(), nullptr) != 1) {
        throw std::runtime_error("OpenSSL has no SHA-256");
    }
    return hexadecimal(digest);
}

std::string hmac_sha256(std::string_view key, std::string_view text)
{
    Digest digest;
    if (HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()),
             reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest.bytes.data(),
             &digest.size) == nullptr) {
        throw std::runtime_error("OpenSSL has no HMAC-SHA-256");
    }
    return hexadecimal(digest);
}

bool equal_in_constant_time(std::string_view one, std::string_view other)
{
    return one.size() == other.size() && CRYPTO_memcmp(one.data(), other.data(), one.size()) == 0;
}

}  // namespace usher
