/**
 * Certificates for tests: an authority, two servers, a user, and a stranger's user of the
 * same name. Nothing outside these tests trusts them; they end in a hundred years.
 *
 * SITE_*: site.test, *.site.test, 127.0.0.1. OTHER_*: other.test. ALICE_*: a client,
 * CN alice, alice@site.test, urn:user:alice. MALLORY_*: CN alice, by STRANGER.
 */
#pragma once

// clang-format off
#define CA_PEM \
    "-----BEGIN CERTIFICATE-----\n" \
    "MIIBmTCCAT+gAwIBAgIUA1jnGvvUkvwW+NVNfdlLaKtI/GEwCgYIKoZIzj0EAwIw\n" \
    "GTEXMBUGA1UEAwwOVGVzdCBhdXRob3JpdHkwIBcNMjYxMTI3MDczODExWhgPMjEy\n" \
    "NjExMDMwNzM4MTFaMBkxFzAVBgNVBAMMDlRlc3QgYXV0aG9yaXR5MFkwEwYHKoZI\n" \
    "zj0CAQYIKoZIzj0DAQcDQgAENQnrobw2jDPYb1XfDPMYtptk2dFyPcdiV0zHF1hr\n" \
    "OP3Z9IVUdVK0HCNVwPctqPGl+SCZpqMl6zymOPC9rM1b0aNjMGEwHQYDVR0OBBYE\n" \
    "FMFiSG3wh8Tv0sl8FioM9e0MuF/VMB8GA1UdIwQYMBaAFMFiSG3wh8Tv0sl8FioM\n" \
    "9e0MuF/VMA8GA1UdEwEB/wQFMAMBAf8wDgYDVR0PAQH/BAQDAgEGMAoGCCqGSM49\n" \
    "BAMCA0gAMEUCIQC8BivrRCLJpiRs1a4Mq8r0Ag4+GvkNVceRM/V9URXKrgIgOjDY\n" \
    "Oc+0G8+xPTlKGRZThQIYn0hfYaZAVQXWGDamTQY=\n" \
    "-----END CERTIFICATE-----\n"
#define SITE_PEM \
    "-----BEGIN CERTIFICATE-----\n" \
    "MIIBsjCCAVigAwIBAgIUU2CSG7tQd/gn+vmdO4P0jaujF0MwCgYIKoZIzj0EAwIw\n" \
    "GTEXMBUGA1UEAwwOVGVzdCBhdXRob3JpdHkwIBcNMjYxMTI3MDczODExWhgPMjEy\n" \
    "NjExMDMwNzM4MTFaMBQxEjAQBgNVBAMMCXNpdGUudGVzdDBZMBMGByqGSM49AgEG\n" \
    "CCqGSM49AwEHA0IABMSAQczFLEEt6AAVx4Qv+99SJo5nIldKvMPGuRRbM7/BAuAb\n" \
    "t2+DBf5A9tkVrN2ZIb3LhSZY8l1ShdKk8tgOAIWjgYAwfjAnBgNVHREEIDAegglz\n" \
    "aXRlLnRlc3SCCyouc2l0ZS50ZXN0hwR/AAABMBMGA1UdJQQMMAoGCCsGAQUFBwMB\n" \
    "MB0GA1UdDgQWBBR+j1Z8jZ7A4mIFIzJgR4P9W6QevDAfBgNVHSMEGDAWgBTBYkht\n" \
    "8IfE79LJfBYqDPXtDLhf1TAKBggqhkjOPQQDAgNIADBFAiEA8AqSi1FmA9P/M74X\n" \
    "nwlxNdiCLiVuYZz1GGEZPZYZEW4CIGNlb1pMDf88lKtzjkLpEHT+o6UUcMRLoWcR\n" \
    "W1N251GQ\n" \
    "-----END CERTIFICATE-----\n"
#define SITE_KEY \
    "-----BEGIN PRIVATE KEY-----\n" \
    "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg6kmVXNmUCmPXdq9m\n" \
    "01U1Sojw8X+rO7U8wwpDzt2QDBChRANCAATEgEHMxSxBLegAFceEL/vfUiaOZyJX\n" \
    "SrzDxrkUWzO/wQLgG7dvgwX+QPbZFazdmSG9y4UmWPJdUoXSpPLYDgCF\n" \
    "-----END PRIVATE KEY-----\n"
#define OTHER_PEM \
    "-----BEGIN CERTIFICATE-----\n" \
    "MIIBoDCCAUagAwIBAgIUU2CSG7tQd/gn+vmdO4P0jaujF0QwCgYIKoZIzj0EAwIw\n" \
    "GTEXMBUGA1UEAwwOVGVzdCBhdXRob3JpdHkwIBcNMjYxMTI3MDczODExWhgPMjEy\n" \
    "NjExMDMwNzM4MTFaMBUxEzARBgNVBAMMCm90aGVyLnRlc3QwWTATBgcqhkjOPQIB\n" \
    "BggqhkjOPQMBBwNCAASGOGipuyik5puhdNpzDZGZEzLjigF7xueOVroqBEQ9EaaS\n" \
    "bmaOsh39ZPzpw+IiOqt70X/reMzqE/CiMBC2+9Veo24wbDAVBgNVHREEDjAMggpv\n" \
    "dGhlci50ZXN0MBMGA1UdJQQMMAoGCCsGAQUFBwMBMB0GA1UdDgQWBBRARiUtP5wH\n" \
    "13Iy+GtiMiQTFsAn9TAfBgNVHSMEGDAWgBTBYkht8IfE79LJfBYqDPXtDLhf1TAK\n" \
    "BggqhkjOPQQDAgNIADBFAiEA47gkOPd1T4/W5dNPVo+Yy/q5HYX8jqZ3w/vuJoyn\n" \
    "rVwCIB4e2KBDPFcxkv+siHWSy1S+6/KzyVFh9RBV1oxkEnCm\n" \
    "-----END CERTIFICATE-----\n"
#define OTHER_KEY \
    "-----BEGIN PRIVATE KEY-----\n" \
    "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgpRAi6dNDOULykC8b\n" \
    "6hwiEHrsfyZlj+gN4u3Re1i2CwOhRANCAASGOGipuyik5puhdNpzDZGZEzLjigF7\n" \
    "xueOVroqBEQ9EaaSbmaOsh39ZPzpw+IiOqt70X/reMzqE/CiMBC2+9Ve\n" \
    "-----END PRIVATE KEY-----\n"
#define ALICE_PEM \
    "-----BEGIN CERTIFICATE-----\n" \
    "MIIBwDCCAWegAwIBAgIUU2CSG7tQd/gn+vmdO4P0jaujF0UwCgYIKoZIzj0EAwIw\n" \
    "GTEXMBUGA1UEAwwOVGVzdCBhdXRob3JpdHkwIBcNMjYxMTI3MDczODExWhgPMjEy\n" \
    "NjExMDMwNzM4MTFaMB8xDTALBgNVBAoMBFRlc3QxDjAMBgNVBAMMBWFsaWNlMFkw\n" \
    "EwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEbNFUYoH7lM9/uKyP/VdEKdsFMrrk14DF\n" \
    "0ARv9C16mdypyE0LryMRJttVPThP4FJVCmrKzgegvu4SiXgxrgAMz6OBhDCBgTAq\n" \
    "BgNVHREEIzAhgQ9hbGljZUBzaXRlLnRlc3SGDnVybjp1c2VyOmFsaWNlMBMGA1Ud\n" \
    "JQQMMAoGCCsGAQUFBwMCMB0GA1UdDgQWBBSsbCLQq2Pr9Xv05WbLaPUngTT9PzAf\n" \
    "BgNVHSMEGDAWgBTBYkht8IfE79LJfBYqDPXtDLhf1TAKBggqhkjOPQQDAgNHADBE\n" \
    "AiBP4MZ8CS0sjtoqt7oHAJK/1kh8Ip8GqTv7d1wwD25giwIgTdE5rPteGEYBL3F4\n" \
    "Dm8BHYzLJ3bE9hkPMYsE99p8LgQ=\n" \
    "-----END CERTIFICATE-----\n"
#define ALICE_KEY \
    "-----BEGIN PRIVATE KEY-----\n" \
    "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgpOO+HzNA5DKEhGlY\n" \
    "Ycia9BvTJKD0zRbdtPyzgPqoy+GhRANCAARs0VRigfuUz3+4rI/9V0Qp2wUyuuTX\n" \
    "gMXQBG/0LXqZ3KnITQuvIxEm21U9OE/gUlUKasrOB6C+7hKJeDGuAAzP\n" \
    "-----END PRIVATE KEY-----\n"
#define MALLORY_PEM \
    "-----BEGIN CERTIFICATE-----\n" \
    "MIIBhzCCAS2gAwIBAgIURWjfWCeGoQiO75djqoslD7T9+fYwCgYIKoZIzj0EAwIw\n" \
    "HDEaMBgGA1UEAwwRQW5vdGhlciBhdXRob3JpdHkwIBcNMjYxMTI3MDczODExWhgP\n" \
    "MjEyNjExMDMwNzM4MTFaMBAxDjAMBgNVBAMMBWFsaWNlMFkwEwYHKoZIzj0CAQYI\n" \
    "KoZIzj0DAQcDQgAEGZH4MKkoSq1fP0WUC0eeTkPcxcsbAIkkm4QzLLAEwHRGb8Aq\n" \
    "rUtKBbUAKMHaJlSxVcFXAkjQqcNnv0vh2jxqBKNXMFUwEwYDVR0lBAwwCgYIKwYB\n" \
    "BQUHAwIwHQYDVR0OBBYEFET9Wlh7spH8JZ15qrVwSJW8WHv+MB8GA1UdIwQYMBaA\n" \
    "FK2hhLPM1nzyOYegpKC4mpz5SG/JMAoGCCqGSM49BAMCA0gAMEUCIQCWhvEaXNxH\n" \
    "GQaImDUVgXrhA6LMgKoU30mNUP1sfh3OqAIgdsB3JOCD66rufR9w2QCWImHKuVxN\n" \
    "xU+QoxXqk0Ih7eU=\n" \
    "-----END CERTIFICATE-----\n"
#define MALLORY_KEY \
    "-----BEGIN PRIVATE KEY-----\n" \
    "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgO/+v0NIQ9/yc2JZf\n" \
    "tpcujJPmpV2j3vTpxZpuWMaUtkahRANCAAQZkfgwqShKrV8/RZQLR55OQ9zFyxsA\n" \
    "iSSbhDMssATAdEZvwCqtS0oFtQAowdomVLFVwVcCSNCpw2e/S+HaPGoE\n" \
    "-----END PRIVATE KEY-----\n"
/* DER: the authority says that SITE is good, without an end. */
#define SITE_OCSP \
    "\x30\x82\x01\x31\x0a\x01\x00\xa0\x82\x01\x2a\x30\x82\x01\x26\x06" \
    "\x09\x2b\x06\x01\x05\x05\x07\x30\x01\x01\x04\x82\x01\x17\x30\x82" \
    "\x01\x13\x30\x81\xb9\xa1\x1b\x30\x19\x31\x17\x30\x15\x06\x03\x55" \
    "\x04\x03\x0c\x0e\x54\x65\x73\x74\x20\x61\x75\x74\x68\x6f\x72\x69" \
    "\x74\x79\x18\x0f\x32\x30\x32\x36\x31\x31\x32\x37\x30\x37\x35\x34" \
    "\x33\x37\x5a\x30\x64\x30\x62\x30\x4d\x30\x09\x06\x05\x2b\x0e\x03" \
    "\x02\x1a\x05\x00\x04\x14\x4e\x6d\x49\xdf\x3a\x32\xce\xb7\x69\x9c" \
    "\x01\x89\xcf\xbb\x46\x3c\xf2\xb3\x80\x34\x04\x14\xc1\x62\x48\x6d" \
    "\xf0\x87\xc4\xef\xd2\xc9\x7c\x16\x2a\x0c\xf5\xed\x0c\xb8\x5f\xd5" \
    "\x02\x14\x53\x60\x92\x1b\xbb\x50\x77\xf8\x27\xfa\xf9\x9d\x3b\x83" \
    "\xf4\x8d\xab\xa3\x17\x43\x80\x00\x18\x0f\x32\x30\x32\x36\x31\x31" \
    "\x32\x37\x30\x37\x35\x34\x33\x37\x5a\xa1\x23\x30\x21\x30\x1f\x06" \
    "\x09\x2b\x06\x01\x05\x05\x07\x30\x01\x02\x04\x12\x04\x10\x4e\xb1" \
    "\xf4\xab\x10\x65\x47\xa9\xa6\xe4\xda\xf1\xdf\xde\xc6\x84\x30\x0a" \
    "\x06\x08\x2a\x86\x48\xce\x3d\x04\x03\x02\x03\x49\x00\x30\x46\x02" \
    "\x21\x00\xe3\xfa\x04\xae\x90\xba\x7f\x9f\x57\x7c\x81\x8b\xe7\xf8" \
    "\x6b\x6a\x63\x30\xf4\xd2\xd1\x50\x17\x4e\x86\x82\xd9\xf5\x8d\x7f" \
    "\x9f\xa8\x02\x21\x00\xe2\x51\x4b\x23\x43\x60\xe9\x04\x54\xf3\x26" \
    "\xe0\x4c\x44\x0f\x45\xc4\x52\x0a\xa7\xeb\x10\xa9\x55\x6f\xfb\x3b" \
    "\x64\xab\x92\x8e\x82"
// clang-format on
