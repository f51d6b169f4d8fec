#include "integration/base/digest.h"

#include <boost/test/unit_test.hpp>
#include <string>

BOOST_AUTO_TEST_SUITE(digest)

// FIPS 180-2, appendix B.1 and B.2
BOOST_AUTO_TEST_CASE(sha256_is_that_of_the_standard)
{
    BOOST_TEST(usher::sha256("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    BOOST_TEST(usher::sha256("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq") ==
               "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
    BOOST_TEST(usher::sha256("") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

// RFC 4231, sections 4.2, 4.3 and 4.7
BOOST_AUTO_TEST_CASE(hmac_is_that_of_the_standard)
{
    BOOST_TEST(usher::hmac_sha256(std::string(20, '\x0b'), "Hi There") ==
               "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
    BOOST_TEST(usher::hmac_sha256("Jefe", "what do ya want for nothing?") ==
               "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    BOOST_TEST(usher::hmac_sha256(std::string(131, '\xaa'),
                                  "Test Using Larger Than Block-Size Key - Hash Key First") ==
               "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

BOOST_AUTO_TEST_CASE(only_equal_texts_are_equal)
{
    BOOST_TEST(usher::equal_in_constant_time("abc", "abc"));
    BOOST_TEST(usher::equal_in_constant_time("", ""));
    for (const std::string other : {"abd", "bbc", "ab", "abcd", ""}) {
        BOOST_TEST(!usher::equal_in_constant_time("abc", other), other);
    }
}

BOOST_AUTO_TEST_SUITE_END()
