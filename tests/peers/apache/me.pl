#!/usr/bin/perl
# The protected page of the Apache service providers: who is logged in, as JSON, from the environment that the module set.
# All modules are configured to call what they tell us WHO_<name>; the one for OpenID Connect has a name of its own for the
# access token, which it wants back when it is to get another one.
use strict;
use warnings;
use JSON::PP;

my %who = map { /^WHO_(.*)/ ? (lc $1 => $ENV{$_}) : () } keys %ENV;
my ($id, $format) = (delete $who{name_id}, delete $who{name_id_format});
$who{access_token} = $ENV{OIDC_access_token} if $ENV{OIDC_access_token};
$_ = [split /;/] for values %who;
print "Content-Type: application/json\r\n\r\n";
print JSON::PP->new->latin1->canonical->encode({ name_id => $id, name_id_format => $format, attributes => \%who });
