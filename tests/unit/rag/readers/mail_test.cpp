#include <doctest/doctest.h>

#include <ctime>

#include "rag/readers/mail_text.hpp"
#include "unit/rag/readers/reading.hpp"

using namespace hadal::rag;
using namespace hadal::rag::test;

TEST_CASE("a mail's headers, text and attachments are read") {
  const Document document = read(
      "From: =?utf-8?B?5byg5LiJ?= <z@example.org>\r\nTo: b@example.org\r\nDate: Mon, 1 Jun 2026 10:00:00 +0800\r\n"
      "Subject: =?gb2312?Q?=BA=CF=CD=AC?= =?gb2312?Q?=B1=E0=BA=C5?= 17\r\nMIME-Version: 1.0\r\n"
      "Content-Type: multipart/mixed; boundary=\"=_x\"\r\n\r\npreamble\r\n--=_x\r\n"
      "Content-Type: multipart/alternative; boundary=y\r\n\r\n--y\r\nContent-Type: text/plain; charset=utf-8\r\n"
      "Content-Transfer-Encoding: quoted-printable\r\n\r\nCaf=C3=A9 is =\r\nopen.\r\n\r\nBye=3D\r\n-- \r\nsignature\r\n"
      "--y\r\nContent-Type: text/html\r\n\r\n<p>not this</p>\r\n--y--\r\n--=_x\r\n"
      "Content-Type: text/html; charset=\"gbk\"\r\nContent-Transfer-Encoding: base64\r\n\r\nPHA+1tDOxDwvcD4=\r\n--=_x\r\n"
      "Content-Type: application/pdf; name=\"plan.pdf\"\r\nContent-Disposition: attachment;\r\n filename*=utf-8''%E8%AE%A1%E5%88%92.pdf\r\n"
      "\r\nbinary\r\n--=_x--\r\nepilogue",
      "a.eml");
  CHECK(document.title == "合同编号 17");
  CHECK(outline(document) ==
        "h1 合同编号 17\np From: 张三 <z@example.org>⏎To: b@example.org⏎Date: Mon, 1 Jun 2026 10:00:00 +0800\n"
        "p Café is open.\np Bye=\np 中文\np Attachments: 计划.pdf\n");
  REQUIRE(document.notes.size() == 1);
  CHECK(document.notes[0] == "The attachment 计划.pdf was not read.");
}

TEST_CASE("an html-only mail and a mail inside a mail are read") {
  CHECK(outline(read("Subject: A\nContent-Type: multipart/digest; boundary=b\n\n--b\nContent-Type: message/rfc822\n\n"
                     "Subject: Inner\n\nhello\n--b--\n", "a.eml")) == "h1 A\nh2 Inner\np hello\n");
  CHECK(outline(read("Subject: A\nContent-Type: multipart/alternative; boundary=b\n\n--b\nContent-Type: text/html\n\n"
                     "<p>only</p>\n--b--\n", "a.eml")) == "h1 A\np only\n");
}

TEST_CASE("a mail without an extension is known by its headers") {
  CHECK(read("From: a@b.c\nDate: now\nSubject: S\n\nx", "1234").mime == "message/rfc822");
}

TEST_CASE("mail encodings pass over what is wrong in them") {
  CHECK(from_quoted_printable("a=zz=4") == "a=zz=4");
  CHECK(from_quoted_printable("a=41=\n") == "aA");
  CHECK(from_base64("YW Jj\r\nZA==ZQ") == "abcde");
  CHECK(decoded_header("=?utf-8?B?") == "=?utf-8?B?");
  CHECK(header_parameter("text/plain; a; charset=\"u\\\"x", "charset") == "u\"x");
  CHECK(header_parameter("text/plain", "charset").empty());
}

TEST_CASE("a header of words that never end is passed over quickly") {
  std::string header;
  for (int i = 0; i < 100000; ++i) header += "=?a?q? ";
  const std::clock_t start = std::clock();
  CHECK(decoded_header(header).size() == header.size());
  CHECK(std::clock() - start < 10 * CLOCKS_PER_SEC);   // seconds of the processor, whoever else needs it
}

TEST_CASE("mails nested too deeply are refused") {
  std::string mail = "Subject: end\n\nx";
  for (int i = 0; i < 200; ++i) mail = "Content-Type: message/rfc822\n\n" + mail;
  CHECK(refusal(mail, "a.eml") == "too_large");
}
