"""What PyKMIP's client can do with an object between its birth and its end, and ask of the server."""
import hashlib
import hmac
import time

from kmip.core import enums
from kmip.core.attributes import PrivateKeyUniqueIdentifier
from kmip.core.factories.attributes import AttributeFactory
from kmip.core.messages.contents import ProtocolVersion
from kmip.pie import objects

from checks import equal, refused

MASK = enums.CryptographicUsageMask
AES = enums.CryptographicAlgorithm.AES
RSA = enums.CryptographicAlgorithm.RSA
CODE = enums.RevocationReasonCode
REASON = enums.ResultReason
KIND = enums.AttributeType
METHOD = enums.DerivationMethod
SECRET = b"a secret to derive from"
SALT = b"salt"


class Life:
    """One connection in one version."""

    def __init__(self, client, version, name, step):
        self.client = client
        self.version = version
        self.name = name
        self.step = step
        self.attributes = AttributeFactory()

    def parts(self):
        return (self.attribute_changes, self.pages, self.rekey, self.check, self.derive, self.server)

    def since(self, version):
        return self.version >= version

    def attribute(self, kind, value, index=None):
        return self.attributes.create_attribute(kind, value, index)

    def create(self, kind):
        mask = [MASK.ENCRYPT, MASK.DECRYPT]
        return self.client.create(AES, 256, name=self.name(kind), cryptographic_usage_mask=mask)

    def found(self, uid, *names):
        _, values = self.client.get_attributes(uid, list(names))
        return [str(one.attribute_value) for one in values]

    def destroy(self, *uids):
        for uid in uids:
            self.client.destroy(uid)

    # ---- attributes -------------------------------------------------------------------------

    def attribute_changes(self):
        client, other = self.client, self.name("renamed")
        uid = self.create("attributes")
        changed = self.attribute(KIND.NAME, other, 0)
        told, now = client.modify_attribute(unique_identifier=uid, attribute=changed)
        equal((told, str(now.attribute_value)), (uid, other), "changed")
        equal(client.locate(attributes=[self.attribute(KIND.NAME, other)]), [uid], "by new name")
        old = self.attribute(KIND.NAME, self.name("attributes"))
        equal(client.locate(attributes=[old]), [], "by old name")
        self.step("modify attribute")
        told, gone = client.delete_attribute(
            unique_identifier=uid, attribute_name="Name", attribute_index=0)
        equal((told, str(gone.attribute_value)), (uid, other), "deleted")
        equal(self.found(uid, "Name"), [], "names")
        self.step("delete attribute")
        # A state is the server's to change.
        state = self.attribute(KIND.STATE, enums.State.ACTIVE)
        self.failed(client.modify_attribute, unique_identifier=uid, attribute=state)
        self.failed(client.delete_attribute, unique_identifier=uid, attribute_name="State")
        self.destroy(uid)

    def failed(self, call, **arguments):
        """These calls have an error of their own, that of the layer below."""
        try:
            answer = call(**arguments)
        except Exception as error:  # of a class that is none of the client's own
            if not getattr(error, "reason", None):
                raise
            equal(error.status, enums.ResultStatus.OPERATION_FAILED, "status")
            return
        raise AssertionError("expected a refusal, but the answer is %r" % (answer,))

    # ---- Locate ------------------------------------------------------------------------------

    def pages(self):
        client = self.client
        user = {"application_namespace": "pages", "application_data": self.name("user")}
        wanted = [self.attribute(KIND.APPLICATION_SPECIFIC_INFORMATION, user)]
        uids = []
        for number in range(5):
            name = self.name("page %d" % number)
            uids.append(client.register(objects.SymmetricKey(
                AES, 128, bytes(16), masks=[MASK.ENCRYPT], name=name, app_specific_info=[user])))
        everything = client.locate(attributes=wanted)
        equal(sorted(everything), sorted(uids), "keys of the user")
        self.step("locate by application")
        pages = [client.locate(2, attributes=wanted, offset_items=skip) for skip in (0, 2, 4, 6)]
        equal(pages, [everything[:2], everything[2:4], everything[4:], []], "pages")
        self.step("locate in pages")
        online, archived = 1, 2
        equal(client.locate(storage_status_mask=online, attributes=wanted), everything, "on line")
        equal(client.locate(storage_status_mask=archived, attributes=wanted), [], "archived")
        self.step("locate by storage")
        if self.since(enums.KMIPVersion.KMIP_1_2):
            member = enums.ObjectGroupMember.GROUP_MEMBER_DEFAULT
            group = self.attribute(KIND.OBJECT_GROUP, self.name("nobody's"))
            mine = client.locate(object_group_member=member, attributes=[*wanted, group])
            equal(mine, [], "members of a group that nobody is in")
            self.step("locate by group member")
        self.destroy(*uids)

    # ---- ReKey and Check -----------------------------------------------------------------------

    def rekey(self):
        client = self.client
        uid = self.create("rekeyed")
        old = client.get(uid).value
        client.activate(uid)
        new = client.rekey(uid, offset=0)
        equal(client.get(new).value == old, False, "same value")
        named = [self.attribute(KIND.NAME, self.name("rekeyed"))]
        equal(client.locate(attributes=named), [new], "bearer of the name")
        equal(self.found(new, "State"), [str(enums.State.ACTIVE)], "state")
        self.step("rekey")
        client.revoke(CODE.SUPERSEDED, uid)
        equal(self.found(uid, "State"), [str(enums.State.DEACTIVATED)], "state")
        client.revoke(CODE.KEY_COMPROMISE, new, "lost", int(time.time()) - 60)
        equal(self.found(new, "State"), [str(enums.State.COMPROMISED)], "state")
        self.step("revoke for two reasons")
        self.destroy(uid, new)
        if self.since(enums.KMIPVersion.KMIP_1_1):
            self.rekey_pair()

    def rekey_pair(self):
        client = self.client
        public, private = client.create_key_pair(
            RSA, 2048, public_usage_mask=[MASK.VERIFY], private_usage_mask=[MASK.SIGN])
        client.activate(private)
        client.activate(public)
        result = client.proxy.rekey_key_pair(
            private_key_uuid=PrivateKeyUniqueIdentifier(private))
        equal(result.result_status.value, enums.ResultStatus.SUCCESS, "status")
        pair = [result.private_key_uuid, result.public_key_uuid]
        values = [client.get(uid).value for uid in (pair[1], public)]
        equal(values[0] == values[1], False, "same public key")
        self.step("rekey key pair")
        for uid in (private, public, *pair):
            client.revoke(CODE.CESSATION_OF_OPERATION, uid)
        self.destroy(private, public, *pair)

    def check(self):
        client = self.client
        uid = self.create("checked")
        equal(client.check(uid, cryptographic_usage_mask=[MASK.ENCRYPT], lease_time=60), uid, "key")
        # What does not hold comes back in the answer; the client tells the identifier only.
        equal(client.check(uid, cryptographic_usage_mask=[MASK.ENCRYPT, MASK.DECRYPT]), uid, "key")
        self.step("check")
        self.destroy(uid)

    # ---- DeriveKey -----------------------------------------------------------------------------

    def derive(self):
        client = self.client
        base = client.register(objects.SecretData(
            SECRET, enums.SecretDataType.PASSWORD, masks=[MASK.DERIVE_KEY],
            name=self.name("base")))
        pbkdf2 = {
            "cryptographic_parameters": {"hashing_algorithm": enums.HashingAlgorithm.SHA_256},
            "salt": SALT,
            "iteration_count": 4096,
        }
        derive = (enums.ObjectType.SYMMETRIC_KEY, [base], METHOD.PBKDF2, pbkdf2)
        aes = {"cryptographic_length": 256, "cryptographic_algorithm": AES}
        refused(REASON.PERMISSION_DENIED, lambda: client.derive_key(*derive, **aes))
        client.activate(base)
        uid = client.derive_key(*derive, **aes)
        own = hashlib.pbkdf2_hmac("sha256", SECRET, SALT, 4096, 32)
        equal(client.get(uid).value, own, "key by PBKDF2")
        self.by_hmac()
        self.step("derive key")
        client.revoke(CODE.CESSATION_OF_OPERATION, base)
        self.destroy(base, uid)

    def by_hmac(self):
        client, value = self.client, bytes(range(32))
        base = client.register(objects.SymmetricKey(
            enums.CryptographicAlgorithm.HMAC_SHA256, 256, value, masks=[MASK.DERIVE_KEY]))
        client.activate(base)
        parameters = {
            "cryptographic_parameters": {"hashing_algorithm": enums.HashingAlgorithm.SHA_256},
            "derivation_data": SALT,
        }
        data = client.derive_key(
            enums.ObjectType.SECRET_DATA, [base], METHOD.HMAC, parameters, cryptographic_length=256)
        equal(client.get(data).value, hmac.digest(value, SALT, "sha256"), "secret by HMAC")
        client.revoke(CODE.CESSATION_OF_OPERATION, base)
        self.destroy(base, data)

    # ---- the server ------------------------------------------------------------------------------

    def server(self):
        asked = [
            enums.QueryFunction.QUERY_OPERATIONS,
            enums.QueryFunction.QUERY_OBJECTS,
            enums.QueryFunction.QUERY_SERVER_INFORMATION,
            enums.QueryFunction.QUERY_APPLICATION_NAMESPACES,
        ]
        result = self.client.proxy.query(query_functions=asked)
        equal(result.result_status.value, enums.ResultStatus.SUCCESS, "status")
        for operation in (enums.Operation.CREATE, enums.Operation.GET, enums.Operation.LOCATE):
            equal(operation in result.operations, True, operation)
        equal(enums.ObjectType.SYMMETRIC_KEY in result.object_types, True, "symmetric keys")
        equal(bool(result.vendor_identification), True, "vendor")
        self.step("query")
        if not self.since(enums.KMIPVersion.KMIP_1_1):
            return
        offered = [ProtocolVersion(1, 2), ProtocolVersion(3, 7), ProtocolVersion(1, 0)]
        result = self.client.proxy.discover_versions(protocol_versions=offered)
        told = result.protocol_versions
        equal(told, [ProtocolVersion(1, 2), ProtocolVersion(1, 0)], "versions")
        result = self.client.proxy.discover_versions()
        every = [ProtocolVersion(1, minor) for minor in (4, 3, 2, 1, 0)]
        equal(result.protocol_versions[-5:], every, "versions")
        self.step("discover versions")
