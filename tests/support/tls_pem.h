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
// clang-format on
