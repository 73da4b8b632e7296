"""A judge with libxmlsec1 1.3, which the package xmlsec carries: RSA-PSS and xmlenc11#rsa-oaep, which 1.2 does not know.

    libxmlsec1.py version
    libxmlsec1.py verify CERTIFICATE FILE...     a line for each file: OK, or why not
    libxmlsec1.py sign KEY CERTIFICATE TEMPLATE  the signed document
    libxmlsec1.py decrypt KEY FILE               the document with its content opened
    libxmlsec1.py encrypt CERTIFICATE BITS TEMPLATE MESSAGE
                                                 the message with its first child sealed as the template says
"""

import sys

import xmlsec
from lxml import etree

DS = "{http://www.w3.org/2000/09/xmldsig#}Signature"


def read(path):
    parser = etree.XMLParser(resolve_entities=False, no_network=True, remove_comments=False)
    root = etree.parse(path, parser).getroot()
    xmlsec.tree.add_ids(root, ["ID"])
    return root


def verdict(key, path):
    try:
        context = xmlsec.SignatureContext()
        context.key = key
        context.verify(read(path).find(DS))
        return "OK"
    except Exception as error:
        return f"NO {error}".replace("\n", " ")


def main(what, *rest):
    if what == "version":
        print(".".join(map(str, xmlsec.get_libxmlsec_version())))
    elif what == "verify":
        key = xmlsec.Key.from_file(rest[0], xmlsec.KeyFormat.CERT_PEM)
        for path in rest[1:]:
            print(verdict(key, path))
    elif what == "sign":
        root = read(rest[2])
        context = xmlsec.SignatureContext()
        context.key = xmlsec.Key.from_file(rest[0], xmlsec.KeyFormat.PEM)
        context.key.load_cert_from_file(rest[1], xmlsec.KeyFormat.CERT_PEM)
        context.sign(root.find(DS))
        print(etree.tostring(root, encoding="unicode"), end="")
    elif what == "decrypt":
        root = read(rest[1])
        manager = xmlsec.KeysManager()
        manager.add_key(xmlsec.Key.from_file(rest[0], xmlsec.KeyFormat.PEM))
        xmlsec.EncryptionContext(manager).decrypt(root[0])
        print(etree.tostring(root, encoding="unicode"), end="")
    elif what == "encrypt":
        root, template = read(rest[3]), read(rest[2])
        manager = xmlsec.KeysManager()
        manager.add_key(xmlsec.Key.from_file(rest[0], xmlsec.KeyFormat.CERT_PEM))
        context = xmlsec.EncryptionContext(manager)
        context.key = xmlsec.Key.generate(xmlsec.constants.KeyDataAes, int(rest[1]), xmlsec.constants.KeyDataTypeSession)
        context.encrypt_xml(template, root[0])
        print(etree.tostring(root, encoding="unicode"), end="")


main(*sys.argv[1:])
